// A small real use of the client generated from the OpenAPI document: walk a guide to its result,
// then ask for the local answer. It compiles only if the types fit, and is run against a service.
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

  const missing = await client.GET("/v1/guides/{guide}", { params: { path: { guide: "none" } } });
  if (missing.error?.code !== "guide-not-found") throw new Error("a typed error was expected");
}

await main();
