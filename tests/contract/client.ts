// A small real use of the client generated from the OpenAPI document: walk a guide to its result, ask
// for the local answer, read lists page by page, search, and follow changes. It compiles only if the
// types fit, and is run against a service.
import createClient from "openapi-fetch";

import type { components, paths } from "./.out/schema.js";

type Segment = components["schemas"]["Segment"];

const baseUrl = process.argv[2];
if (!baseUrl) throw new Error("usage: client BASE_URL");

const client = createClient<paths>({
  baseUrl,
  // As the document describes the parameter `q.{step}`.
  querySerializer: { object: { style: "form", explode: true } },
});

function keeper(segment: Segment): string {
  switch (segment.status) {
    case "kept":
    case "transferred":
    case "incomplete":
      return segment.holdings.map((holding) => holding.service?.name ?? "?").join(", ");
    case "destroyed":
    case "not-collected":
    case "unknown":
      return segment.contacts.map((contact) => contact.name).join(", ");
  }
}

async function services(): Promise<components["schemas"]["Service"][]> {
  const items: components["schemas"]["Service"][] = [];
  let cursor: string | null = null;
  do {
    const query: { limit: number; cursor?: string } = { limit: 5 };
    if (cursor !== null) query.cursor = cursor;
    const { data, error } = await client.GET("/v1/services", { params: { query } });
    if (error) throw new Error(`${error.code}: ${error.detail}`);
    items.push(...data.items);
    cursor = data.page.next;
  } while (cursor !== null);
  return items;
}

async function main(): Promise<void> {
  const communes = await client.GET("/v1/communes", { params: { query: { q: "renn", limit: 1 } } });
  const commune = communes.data?.items[0]?.code;
  if (!commune) throw new Error("no commune");

  const guides = await client.GET("/v1/guides");
  const guide = guides.data?.items[0]?.slug;
  if (!guide) throw new Error("no guide");

  // At each step, the first choice, until the guide ends.
  const answers: Record<string, string> = {};
  let walk: components["schemas"]["Walk"] | undefined;
  for (let turn = 0; turn < 20; turn += 1) {
    const { data, error } = await client.GET("/v1/guides/{guide}/walk", {
      params: { path: { guide }, query: { "q.{step}": answers, commune, date: "1987" } },
    });
    if (error) throw new Error(`${error.code}: ${error.detail}`);
    walk = data;
    const choice = data.current.choices[0];
    if (!data.missing.includes("choice") || !choice) break;
    answers[`q.${data.current.slug}`] = choice.slug;
  }
  console.log(walk?.status, walk?.path.map((step) => step.answer.label));

  const document = walk?.answer?.document.slug ?? "permis-de-construire";
  const located = await client.GET("/v1/locate", { params: { query: { document, commune } } });
  if (located.error) throw new Error(`${located.error.code}: ${located.error.detail}`);
  for (const segment of located.data.segments) console.log(segment.summary, "→", keeper(segment));

  const names = (await services()).map((service) => service.name);
  if (new Set(names).size !== names.length) throw new Error("a service came twice");

  const query = { nearCommune: commune, radius: 20, at: "now", limit: 3 };
  const near = await client.GET("/v1/services", { params: { query } });
  for (const service of near.data?.items ?? []) {
    console.log(service.name, service.distance, "m,", service.opening?.open);
  }

  const results = await client.GET("/v1/search", { params: { query: { q: "permis" } } });
  if (!results.data?.items.length) throw new Error("a search should find something");

  // As the document describes `fields`: in one value, parted by commas.
  const shaped = await client.GET("/v1/guides", {
    params: { query: { fields: ["slug", "title"] } },
    querySerializer: { array: { style: "form", explode: false } },
  });
  const first = shaped.data?.items[0];
  if (first?.slug !== guide || "summary" in first) throw new Error("only slug and title are asked for");

  const releases = await client.GET("/v1/releases");
  const since = releases.data?.items[0]?.id;
  if (!since) throw new Error("no release");
  const changes = await client.GET("/v1/changes", { params: { query: { since } } });
  if (changes.data?.items.length !== 0) throw new Error("nothing changed since the last release");

  const flat = await client.POST("/v1/flat/locate", { body: { document, commune } });
  if (!flat.data?.found) throw new Error(flat.data?.message);

  const missing = await client.GET("/v1/guides/{guide}", { params: { path: { guide: "none" } } });
  if (missing.error?.code !== "guide-not-found") throw new Error("a typed error was expected");
}

await main();
