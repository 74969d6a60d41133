// What a browser finds on the board, for test_browser.py: one JSON object on standard output, pictures in a folder.
//
//   node visit.mjs MODULES CHROMIUM FOLDER ADDRESS PAGE…
//
// Each page is opened at two widths, light and dark, judged by axe-core, walked through by the keyboard, and printed.
import { createRequire } from "node:module";
import { readFileSync } from "node:fs";
import path from "node:path";

const [modules, chromium, folder, address, ...pages] = process.argv.slice(2);
const require = createRequire(path.join(modules, "node_modules", "x.js"));
const axe = readFileSync(require.resolve("axe-core/axe.min.js"), "utf8");
const browser = await require("playwright-core").chromium.launch({
  executablePath: chromium, args: ["--no-sandbox", "--disable-gpu", "--allow-file-access-from-files"],
});

const REACHED = () => {
  const at = document.activeElement;
  if (!at || at === document.body) return null;
  const style = getComputedStyle(at);
  const all = [...document.querySelectorAll("*")];
  return { place: all.indexOf(at), what: at.outerHTML.slice(0, 80), seen: style.outlineStyle !== "none" && style.outlineWidth !== "0px" };
};
const TO_REACH = () => {
  const all = [...document.querySelectorAll("*")];
  const shown = (node) => node.checkVisibility({ visibilityProperty: true, contentVisibilityAuto: true });
  return all.filter((node) => node.matches("a[href], button, input, summary, [tabindex='0']") && shown(node))
    .map((node) => ({ place: all.indexOf(node), what: node.outerHTML.slice(0, 80) }));
};

async function judged(page) {
  // Through the debugger, which no policy of the page holds back.
  const session = await page.context().newCDPSession(page);
  await session.send("Runtime.evaluate", { expression: axe });
  const { result } = await session.send("Runtime.evaluate", {
    expression: "axe.run(document, {resultTypes: ['violations', 'incomplete']}).then((r) => JSON.stringify(r))",
    awaitPromise: true, returnByValue: true,
  });
  const found = JSON.parse(result.value);
  const brief = (one) => ({ rule: one.id, nodes: one.nodes.map((node) => `${node.html} | ${node.failureSummary ?? ""}`) });
  return { version: found.testEngine.version, violations: found.violations.map(brief), incomplete: found.incomplete.map(brief) };
}

async function walked(page) {
  const wanted = await page.evaluate(TO_REACH);
  const reached = new Map();
  for (let step = 0; step < wanted.length + 5; step++) {
    await page.keyboard.press("Tab");
    const at = await page.evaluate(REACHED);
    if (at === null) break;
    reached.set(at.place, at);
  }
  return {
    missed: wanted.filter((one) => !reached.has(one.place)).map((one) => one.what),
    unseen: [...reached.values()].filter((one) => !one.seen).map((one) => one.what),
    reached: reached.size,
  };
}

const told = [];
for (const name of pages) {
  for (const [width, scheme] of [[1280, "light"], [1280, "dark"], [320, "light"], [320, "dark"]]) {
    const context = await browser.newContext({ viewport: { width, height: 900 }, colorScheme: scheme, reducedMotion: "reduce" });
    const page = await context.newPage();
    const errors = [];
    page.on("console", (line) => { if (line.type() === "error") errors.push(line.text()); });
    page.on("pageerror", (error) => errors.push(String(error)));
    await page.goto(address + name, { waitUntil: "load" });
    const overflow = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
    const axed = await judged(page);
    const keyboard = scheme === "light" ? await walked(page) : null;
    await page.evaluate(() => { document.activeElement.blur(); scrollTo(0, 0); });
    const stem = `${name.replace(".html", "")}-${width}-${scheme}`;
    await page.screenshot({ path: path.join(folder, `${stem}.png`), fullPage: true });
    let printed = null;
    if (width === 1280 && scheme === "light") {
      await page.pdf({ path: path.join(folder, `${name.replace(".html", "")}-print.pdf`), preferCSSPageSize: true });
      await page.setViewportSize({ width: 1046, height: 718 }); // A4 across, at 96 dots an inch, without its margins
      await page.emulateMedia({ media: "print" });
      printed = await page.evaluate(() => ({
        cut: [...document.querySelectorAll("main *")].filter((node) => node.scrollWidth > node.clientWidth + 1 && getComputedStyle(node).overflowX !== "visible").map((node) => node.outerHTML.slice(0, 80)),
        wide: document.documentElement.scrollWidth - document.documentElement.clientWidth,
      }));
      await page.screenshot({ path: path.join(folder, `${name.replace(".html", "")}-print.png`), fullPage: true });
    }
    told.push({ page: name, width, scheme, overflow, errors, axe: axed, keyboard, printed });
    await context.close();
  }
}
await browser.close();
console.log(JSON.stringify(told));
