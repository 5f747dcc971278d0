/** Services that a world is made of: who they are, whom they call, how long they take. */

/** A service: whom its routes call, and how long its own work takes. */
export interface ServicePlan {
  readonly name: string;
  readonly namespace?: string;
  readonly routes: readonly string[];
  readonly calls: readonly string[];
  readonly ownMs: number;
  readonly errorShare?: number;
  readonly instances?: number;
}

/** The demo's two. */
export const TWO: readonly ServicePlan[] = [
  { name: "front", routes: ["GET /orders/{id}", "POST /orders"], calls: ["back"], ownMs: 1.2 },
  { name: "back", routes: ["GET /stock/{sku}"], calls: [], ownMs: 4, errorShare: 0.04 },
];

/** A shop of twelve, with names as long as they get. */
export const TWELVE: readonly ServicePlan[] = [
  {
    name: "edge-gateway",
    namespace: "shop",
    routes: ["GET /", "GET /checkout", "POST /cart/{id}/items"],
    calls: ["checkout", "catalog", "recommendations-for-returning-customers-v2"],
    ownMs: 0.4,
    instances: 3,
  },
  {
    name: "checkout",
    namespace: "shop",
    routes: ["POST /checkout", "GET /checkout/{id}"],
    calls: ["cart", "payment", "shipping"],
    ownMs: 2.5,
    errorShare: 0.01,
  },
  {
    name: "catalog",
    namespace: "shop",
    routes: [
      "GET /products/{sku}",
      "GET /products/{sku}/variants/{variant}/availability/in/{region}/and/{warehouse}",
    ],
    calls: ["pricing", "inventory"],
    ownMs: 1.1,
  },
  {
    name: "recommendations-for-returning-customers-v2",
    namespace: "ml",
    routes: ["GET /recommend/{user}"],
    calls: ["catalog"],
    ownMs: 42,
  },
  { name: "cart", namespace: "shop", routes: ["GET /cart/{id}"], calls: ["inventory"], ownMs: 0.9 },
  {
    name: "payment",
    namespace: "shop",
    routes: ["POST /charge"],
    calls: ["fraud", "external:api.acquirer.example:443"],
    ownMs: 12,
    errorShare: 0.12,
  },
  { name: "shipping", namespace: "shop", routes: ["GET /quote"], calls: ["geo"], ownMs: 5 },
  { name: "pricing", namespace: "shop", routes: ["GET /price/{sku}"], calls: [], ownMs: 0.3 },
  { name: "inventory", namespace: "shop", routes: ["GET /stock/{sku}"], calls: ["audit"], ownMs: 0.8 },
  { name: "fraud", namespace: "ml", routes: ["POST /score"], calls: [], ownMs: 18 },
  { name: "geo", routes: ["GET /near"], calls: [], ownMs: 1400 },
  { name: "audit", routes: ["POST /events"], calls: [], ownMs: 0.05 },
];

/** Thirty in five layers, for the map. */
export const THIRTY: readonly ServicePlan[] = Array.from({ length: 30 }, (_value, index) => {
  const below = (step: number) =>
    index + step < 30 ? [`service-${String(index + step).padStart(2, "0")}`] : [];
  return {
    name: `service-${String(index).padStart(2, "0")}`,
    routes: ["GET /a", "GET /b/{id}"],
    calls: index % 6 === 5 ? below(6) : [...below(6), ...below(7)],
    ownMs: 1 + index,
    errorShare: index % 9 === 4 ? 0.03 : 0,
  };
});

/** Own work before, between and after calls that run beside each other; the deepest fails always. */
export const GAPS: readonly ServicePlan[] = [
  { name: "front", routes: ["GET /report/{id}"], calls: ["middle", "back"], ownMs: 14 },
  { name: "middle", routes: ["GET /rows/{page}"], calls: ["back"], ownMs: 4, errorShare: 1 },
  { name: "back", routes: ["GET /slow"], calls: [], ownMs: 9 },
];
