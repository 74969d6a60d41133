// Milliseconds until a page was painted, of several openings by a browser that is warm: a JSON list.
//
//   node paint.mjs MODULES CHROMIUM ADDRESS TIMES
import { createRequire } from "node:module";
import path from "node:path";

const [modules, chromium, address, times] = process.argv.slice(2);
const require = createRequire(path.join(modules, "node_modules", "x.js"));
const browser = await require("playwright-core").chromium.launch({
  executablePath: chromium, args: ["--no-sandbox", "--disable-gpu"],
});
const found = [];
for (let time = 0; time <= Number(times); time++) {
  const context = await browser.newContext();
  const page = await context.newPage();
  await page.goto(address, { waitUntil: "load" });
  await page.waitForFunction(() => performance.getEntriesByName("first-contentful-paint").length > 0);
  found.push(await page.evaluate(() => performance.getEntriesByName("first-contentful-paint")[0].startTime));
  await context.close();
}
await browser.close();
console.log(JSON.stringify(found.slice(1))); // the first one warmed it
