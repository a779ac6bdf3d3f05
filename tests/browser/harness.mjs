// A demo of one's own, and pages that are watched: whatever a test does, nothing may be written to
// the console as an error, and no request may leave this machine.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { mkdir } from "node:fs/promises";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { chromium } from "playwright-core";

const root = fileURLToPath(new URL("../../", import.meta.url));
const screenshots = `${root}target/screenshots/`;
const program = process.env.LOCADOCS ?? `${root}target/release/locadocs`;

/** Starts `locadocs demo` on free ports; resolves once it has told its addresses. */
export async function startDemo() {
  const demo = spawn(program, ["demo", "--listen", "127.0.0.1:0", "--sandbox", "127.0.0.1:0"], {
    stdio: ["ignore", "pipe", "pipe"],
  });
  let log = "";
  demo.stderr.setEncoding("utf8").on("data", (text) => (log += text));
  const ended = new Promise((resolve) => demo.once("close", resolve));
  const addresses = {};
  for await (const line of createInterface({ input: demo.stdout })) {
    const [, name, url] = /^(\w+) +(http:\S+)/.exec(line) ?? [];
    if (name) addresses[name] = url;
    if (addresses.API && addresses.Sandbox) {
      demo.stdout.resume();
      const stop = async () => {
        demo.kill("SIGTERM");
        await ended;
      };
      return { api: addresses.API, sandbox: addresses.Sandbox, stop };
    }
  }
  throw new Error(`the demo ended before it told its addresses:\n${log}`);
}

export function startBrowser() {
  return chromium.launch({
    executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
    args: [
      "--no-sandbox",
      "--disable-gpu",
      "--disable-quic",
      "--no-first-run",
      "--disable-background-networking",
      "--disable-component-update",
      "--disable-sync",
    ],
  });
}

/**
 * Opens `url` in a fresh context, hands the page to `use`, then checks what the page did. The page
 * as it was at the end is kept in target/screenshots/.
 */
export async function withPage(browser, { url, name, width = 1280, height = 900 }, use) {
  const context = await browser.newContext({ viewport: { width, height }, locale: "fr-FR" });
  const host = new URL(url).host;
  const complaints = [];
  const elsewhere = [];
  await context.route(
    (address) => /^https?:$/.test(address.protocol) && address.host !== host,
    (route) => {
      elsewhere.push(route.request().url());
      return route.abort();
    },
  );
  try {
    context.setDefaultTimeout(10_000);
    const page = await context.newPage();
    page.on("console", (message) => {
      if (message.type() === "error") complaints.push(message.text());
    });
    page.on("pageerror", (error) => complaints.push(String(error)));
    await page.goto(url);
    const failure = await use(page).then(
      () => undefined,
      (error) => error,
    );
    await mkdir(screenshots, { recursive: true });
    await page.screenshot({ path: `${screenshots}${name}.png` });
    // What the page says of itself is often why it failed.
    assert.deepEqual(complaints, [], "errors in the console");
    if (failure) throw failure;
    assert.deepEqual(elsewhere, [], "requests to another host");
  } finally {
    await context.close();
  }
}

/** How many pixels of the page are out of sight on the right. */
export function pixelsOutOfSight(page) {
  return page.evaluate(() => {
    const { scrollWidth, clientWidth } = document.documentElement;
    return scrollWidth - clientWidth;
  });
}

export async function getJson(url) {
  const answer = await fetch(url);
  assert.ok(answer.ok, `${url}: ${answer.status}`);
  return answer.json();
}

/** Asks again until `check` holds of the answer: the demo reads its base every two seconds. */
export async function eventually(ask, check, seconds = 15) {
  const deadline = Date.now() + seconds * 1000;
  for (;;) {
    const answer = await ask();
    if (check(answer)) return answer;
    assert.ok(Date.now() < deadline, `not after ${seconds} s: ${JSON.stringify(answer)}`);
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
}
