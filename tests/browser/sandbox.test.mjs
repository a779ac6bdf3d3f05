// The sandbox's page: tables as grids, in which a newcomer changes a cell and sees the API follow.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import {
  eventually,
  getJson,
  pixelsOutOfSight,
  startBrowser,
  startDemo,
  withPage,
} from "./harness.mjs";

const TABLES = [
  "Guides",
  "Étapes",
  "Choix",
  "Documents",
  "Services",
  "Territoires",
  "Données locales",
  "Retours",
];

let demo;
let browser;
before(async () => {
  [demo, browser] = await Promise.all([startDemo(), startBrowser()]);
});
after(async () => {
  await browser?.close();
  await demo?.stop();
});

const open = (name, use, size) => withPage(browser, { url: demo.sandbox, name, ...size }, use);
const tableLink = (page, table) => page.getByRole("link", { name: new RegExp(`^${table} \\(`) });
/** Follows a link, and waits for the styles and scripts of the next page. */
async function follow(page, link) {
  await Promise.all([page.waitForEvent("load"), link.click()]);
}

const goTo = (page, table) => follow(page, tableLink(page, table));

const rows = (page) => page.locator("tbody tr");

/** The cell of a column, in the row whose first cell has this text. */
async function cellOf(page, row, column) {
  const headers = await page.getByRole("columnheader").allInnerTexts();
  // The row's id is a header of its own.
  const position = headers.indexOf(column) - 1;
  assert.ok(position >= 0, `no column ${column} in ${headers}`);
  const found = rows(page).filter({ has: page.getByRole("cell", { name: row, exact: true }) });
  return found.getByRole("cell").nth(position);
}

const isInSight = (element) =>
  element.evaluate((it) => it.getBoundingClientRect().bottom <= window.innerHeight);

const documentName = async (slug) => (await getJson(`${demo.api}/documents/${slug}`)).name;

test("every table is a grid with all its rows, up to fifty", async () => {
  await open("sandbox-tables", async (page) => {
    for (const table of TABLES) {
      const link = tableLink(page, table);
      const count = Number(/\((\d+)\)/.exec(await link.innerText())[1]);
      await goTo(page, table);
      assert.match(await page.title(), new RegExp(`^${table} `));
      assert.equal(await tableLink(page, table).getAttribute("aria-current"), "page");
      assert.equal(await rows(page).count(), Math.min(count, 50), table);
    }
  });
});

test("rows beyond the fiftieth are on a second page", async () => {
  await open("sandbox-pages", async (page) => {
    await goTo(page, "Choix");
    const first = await rows(page).first().innerText();
    await follow(page, page.getByRole("link", { name: "Suivante" }));
    assert.notEqual(await rows(page).first().innerText(), first);
    await follow(page, page.getByRole("link", { name: "Précédente" }));
    assert.equal(await rows(page).first().innerText(), first);
  });
});

test("a cell edited with the mouse changes the API's answer", async () => {
  await open("sandbox-mouse", async (page) => {
    await goTo(page, "Documents");
    const cell = await cellOf(page, "permis-de-construire", "Nom");
    await cell.dblclick();
    await page.getByRole("textbox").fill("Permis de bâtir");
    await page.keyboard.press("Enter");
    await page.getByRole("status").getByText("Enregistré.").waitFor();
    assert.ok(await isInSight(page.getByRole("status")), "the answer is told where one looks");
    await eventually(
      () => documentName("permis-de-construire"),
      (name) => name === "Permis de bâtir",
    );
  });
});

test("a cell is edited with the keyboard alone", async () => {
  await open("sandbox-keyboard", async (page) => {
    const press = (...keys) =>
      keys.reduce((done, key) => done.then(() => page.keyboard.press(key)), Promise.resolve());
    const focused = () => page.evaluate(() => document.activeElement?.innerText ?? "");
    const tabTo = async (text) => {
      for (let presses = 0; presses < 400; presses += 1) {
        await press("Tab");
        if ((await focused()).startsWith(text)) return;
      }
      assert.fail(`${text} is not reached with the Tab key`);
    };

    await tabTo("Documents (");
    await press("Enter");
    await page.waitForURL("**/bases/**");
    await tabTo("Acte notarié");
    const before = await focused();
    await press("Enter", "Control+a");
    await page.keyboard.type("Perdu");
    await press("Escape");
    assert.equal(await focused(), before, "Escape gives up, and leaves the focus on the cell");

    await press("Enter", "Control+a");
    await page.keyboard.type("Acte passé devant notaire");
    await press("Enter");
    await page.getByRole("status").getByText("Enregistré.").waitFor();
    assert.equal(await focused(), "Acte passé devant notaire");
    await eventually(
      () => documentName("acte-notarie"),
      (name) => name === "Acte passé devant notaire",
    );
  });
});

test("what is typed is shown as text, never as markup", async () => {
  const typed = '<img src="x" onerror="document.title = 1"><b>gras</b>';
  await open("sandbox-markup", async (page) => {
    await goTo(page, "Documents");
    const cell = await cellOf(page, "plan-cadastral", "Synonymes");
    await cell.dblclick();
    await page.getByRole("textbox").fill(typed);
    await page.keyboard.press("Enter");
    await page.getByRole("status").getByText("Enregistré.").waitFor();
    assert.equal(await cell.innerText(), typed);
    await page.reload();
    assert.equal(await (await cellOf(page, "plan-cadastral", "Synonymes")).innerText(), typed);
    assert.equal(await page.locator("table img, table b").count(), 0);
  });
});

test("a telephone shows it without scrolling sideways, but for the grid itself", async () => {
  await open(
    "sandbox-375",
    async (page) => {
      for (const table of TABLES) {
        await goTo(page, table);
        assert.equal(await pixelsOutOfSight(page), 0, table);
        const heights = await page
          .getByRole("columnheader")
          .evaluateAll((headers) => headers.map((header) => header.offsetHeight));
        assert.ok(Math.max(...heights) < 50, `${table}: names of columns are cut into pieces`);
      }
      await goTo(page, "Données locales");
    },
    { width: 375, height: 667 },
  );
});
