// The page to try the API: every operation is there, and all of it comes from the service.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { getJson, pixelsOutOfSight, startBrowser, startDemo, withPage } from "./harness.mjs";

const METHODS = ["get", "put", "post", "delete", "options", "head", "patch", "trace"];

let demo;
let browser;
before(async () => {
  [demo, browser] = await Promise.all([startDemo(), startBrowser()]);
});
after(async () => {
  await browser?.close();
  await demo?.stop();
});

const docs = () => new URL("/docs", demo.api).href;

test("every operation of the document is on the page", async () => {
  const document = await getJson(new URL("/openapi.json", demo.api));
  const expected = Object.entries(document.paths).flatMap(([path, item]) =>
    METHODS.filter((method) => method in item).map((method) => `${method} ${path}`),
  );
  assert.ok(expected.length > 10, `only ${expected.length} operations`);
  await withPage(browser, { url: docs(), name: "docs", height: 1400 }, async (page) => {
    await page.locator(".opblock").first().waitFor();
    const shown = await page.locator(".opblock-summary").evaluateAll((rows) =>
      rows.map((row) => {
        const method = row.querySelector(".opblock-summary-method").textContent;
        const path = row.querySelector(".opblock-summary-path").dataset.path;
        return `${method.toLowerCase()} ${path}`;
      }),
    );
    assert.deepEqual(shown.sort(), expected.sort());
  });
});

test("an operation can be tried", async () => {
  await withPage(browser, { url: docs(), name: "docs-try", height: 1400 }, async (page) => {
    const operation = page.locator(".opblock", { has: page.locator('[data-path="/v1"]') });
    await operation.locator(".opblock-summary-control").click();
    await operation.getByRole("button", { name: "Execute" }).click();
    const status = operation.locator(".live-responses-table .response-col_status").last();
    await status.waitFor();
    assert.match(await status.innerText(), /^200/);
  });
});

test("a telephone shows it without scrolling sideways", async () => {
  await withPage(browser, { url: docs(), name: "docs-375", width: 375 }, async (page) => {
    await page.locator(".opblock").first().waitFor();
    assert.equal(await pixelsOutOfSight(page), 0);
  });
});
