import { deepEqual } from "node:assert/strict";
import { withoutSecretWords } from "./secret_words.ts";

function shows(line: string, want: string): void {
  deepEqual(withoutSecretWords(line.split(" ")).join(" "), want);
}

Deno.test("withoutSecretWords() hides values of flags and settings that are named like secrets", () => {
  shows("orders --password hunter2 --port 80", "orders --password *** --port 80");
  shows("orders --db-password=hunter2", "orders --db-password=***");
  shows("orders -token=abc API_KEY=abc", "orders -token=*** API_KEY=***");
  shows("orders --auth --verbose", "orders --auth --verbose");
  deepEqual(withoutSecretWords(["a", "user=app password='hunter 2' host=db"]), [
    "a",
    "user=app password=*** host=db",
  ]);
  deepEqual(withoutSecretWords(["a", "-H", "Authorization: Bearer abc.def"]), [
    "a",
    "-H",
    "Authorization: ***",
  ]);
  deepEqual(withoutSecretWords(["a", "-H", "X: bearer abcdefgh"]), ["a", "-H", "X: ***"]);
});

Deno.test("withoutSecretWords() hides users and passwords of addresses, and keys in queries", () => {
  shows("orders --db postgres://app:hunter2@db:5432/orders", "orders --db postgres://***@db:5432/orders");
  shows("orders app:hunter2@tcp(db:3306)/orders", "orders ***@tcp(db:3306)/orders");
  shows("orders redis://:hunter2@cache:6379", "orders redis://***@cache:6379");
  shows("orders http://hook/?a=1&access_key=hunter2&b=2", "orders http://hook/?a=1&access_key=***&b=2");
});

Deno.test("withoutSecretWords() hides what is a token by its looks", () => {
  shows("orders eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2ln", "orders ***");
  shows("orders AKIAIOSFODNN7EXAMPLE", "orders ***");
  shows("orders wJalrXUtnFEMIK7MDENGbPxRfiCYEXAMPLEKEY", "orders ***");
  shows("orders 0123456789abcdef0123456789abcdef", "orders ***");
});

Deno.test("withoutSecretWords() leaves alone what people need to tell processes apart", () => {
  for (
    const line of [
      "/srv/orders --listen=0.0.0.0:8080 --region eu-west-1",
      "/srv/orders --token-file /run/secrets/token --session-timeout=30s",
      "/srv/orders -config /etc/OrdersServiceForProduction2/config.yaml --name orders-7f9c4d8b6c-x2x9z",
      "/srv/orders http://127.0.0.1:4318/v1/traces?window=60 a:b key=name",
    ]
  ) shows(line, line);
});
