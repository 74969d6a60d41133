// A page of the board left open while something happens, for test_browser.py.
//
//   node watch.mjs MODULES CHROMIUM ADDRESS SCRIPTS KEY
//
// Prints the figure KEY and then each value it takes, one JSON line each, until standard input ends. SCRIPTS: on or off.
import { createRequire } from "node:module";
import path from "node:path";

const [modules, chromium, address, scripts, key] = process.argv.slice(2);
const require = createRequire(path.join(modules, "node_modules", "x.js"));
const browser = await require("playwright-core").chromium.launch({
  executablePath: chromium, args: ["--no-sandbox", "--disable-gpu"],
});
const context = await browser.newContext({ javaScriptEnabled: scripts === "on" });
const page = await context.newPage();
await page.goto(address, { waitUntil: "load" });
await page.focus("nav a");
let over = false, last = "";
process.stdin.on("end", () => { over = true; }).resume();
while (!over) {
  try {
    const now = await page.locator(`[data-live="${key}"]`).innerText({ timeout: 5000 });
    const focus = scripts === "on" ? await page.evaluate(() => document.activeElement.tagName) : "";
    const news = scripts === "on" ? await page.locator("#news").innerText() : "";
    if (now !== last) console.log(JSON.stringify({ now, focus, news }));
    last = now;
  } catch { /* the page is being loaded anew */ }
  await new Promise((later) => setTimeout(later, 100));
}
await browser.close();
