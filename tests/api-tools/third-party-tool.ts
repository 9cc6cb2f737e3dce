// A tool of somebody else, written with the API document alone: it lists orders in error, asks for another import of each
// and waits for what comes of it, ships an order, receives the webhook of it, and says what it saw as one line of JSON.
//
// Environment: ORDERBRIDGE_URL and ORDERBRIDGE_TOKEN, which is an access token or an API key.

import { randomUUID } from "node:crypto";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import createClient from "openapi-fetch";
import { Webhook } from "standardwebhooks";

import type { components, paths } from "./orderbridge.js";

type OrderSummary = components["schemas"]["OrderSummary"];
type OrderAction = components["schemas"]["OrderAction"];

const url = needed("ORDERBRIDGE_URL");
const client = createClient<paths>({
  baseUrl: url,
  headers: { Authorization: `Bearer ${needed("ORDERBRIDGE_TOKEN")}` },
});

function needed(name: string): string {
  const value = process.env[name];
  if (!value) throw new Error(`${name} is not set`);
  return value;
}

/** The data of an answer; a problem is told with its code and the remedy. */
function dataOf<T>(answer: { data?: T; error?: unknown; response: Response }): T {
  if (answer.data !== undefined) return answer.data;
  throw new Error(`${answer.response.status}: ${JSON.stringify(answer.error)}`);
}

/** Every order with this status, oldest first, page by page: TikTok Shop takes no shipment in the first hour. */
async function ordersWith(status: string): Promise<OrderSummary[]> {
  const orders: OrderSummary[] = [];
  let after: string | undefined;
  for (;;) {
    const query = { status, limit: 10, sort: "created_at", ...(after ? { after } : {}) };
    const page = dataOf(await client.GET("/api/v1/orders", { params: { query } }));
    orders.push(...page.items);
    if (!page.has_more || !page.next_cursor) return orders;
    after = page.next_cursor;
  }
}

type ActionRequest = components["schemas"]["ActionRequest"];

/** Asks for an action and waits until it has an end. */
async function act(orderId: number, body: ActionRequest): Promise<OrderAction> {
  const params = { path: { id: orderId }, header: { "Idempotency-Key": randomUUID() } };
  let action = dataOf(await client.POST("/api/v1/orders/{id}/actions", { params, body }));
  for (let looks = 0; action.state === "queued" && looks < 600; looks += 1) {
    await new Promise((resolve) => setTimeout(resolve, 100));
    action = dataOf(await client.GET("/api/v1/actions/{id}", { params: { path: { id: action.id } } }));
  }
  return action;
}

interface Retried {
  orderId: number;
  /** What was in the way. */
  issues: string[];
  /** What came of another try, and which issue is in the way now. */
  state: string;
  code: string | null | undefined;
  status: string;
}

async function retryErrors(): Promise<{ listed: number; retried: Retried[] }> {
  const errors = await ordersWith("error");
  const retried: Retried[] = [];
  for (const order of errors) {
    const issues = dataOf(
      await client.GET("/api/v1/issues", { params: { query: { order: order.id, open: true } } }),
    );
    if (issues.items.length === 0) throw new Error(`order ${order.id} is in error without an open issue`);
    if (!order.actions.includes("import")) continue;
    const { state, code } = await act(order.id, { action: "import" });
    const params = { path: { id: order.id } };
    const { status } = dataOf(await client.GET("/api/v1/orders/{id}", { params }));
    retried.push({ orderId: order.id, issues: issues.items.map((issue) => issue.code), state, code, status });
  }
  return { listed: errors.length, retried };
}

interface Shipped {
  orderId: number;
  tiktokOrderId: string;
  trackingNumber: string;
  state: string;
  result: string | null | undefined;
}

async function shipOne(): Promise<Shipped> {
  const candidates = await ordersWith("awaiting_shipment");
  for (const order of candidates) {
    if (!order.actions.includes("ship") || order.fulfillment_type !== "merchant") continue;
    const options = dataOf(
      await client.GET("/api/v1/orders/{id}/action-options", { params: { path: { id: order.id } } }),
    );
    const carrier = options.carriers[0];
    if (!carrier) continue;
    const trackingNumber = `6A${String(order.id).padStart(11, "0")}`;
    const action = await act(order.id, {
      action: "ship",
      carrier_id: carrier.id,
      tracking_number: trackingNumber,
    });
    if (action.state !== "done") throw new Error(`not shipped, but ${action.state}: ${action.result}`);
    return {
      orderId: order.id,
      tiktokOrderId: order.tiktok_order_id,
      trackingNumber,
      state: action.state,
      result: action.result,
    };
  }
  throw new Error(`none of ${candidates.length} orders can be shipped`);
}

interface Message {
  type: string;
  data: { order_id?: number };
}

/** Receives the messages of a webhook of its own, and believes those alone whose signature is right. */
class Receiver {
  readonly messages: Message[] = [];
  forged = 0;
  private secret: string | undefined;
  private readonly server: Server;

  constructor() {
    this.server = createServer((request, response) => {
      const chunks: Buffer[] = [];
      request.on("data", (chunk: Buffer) => chunks.push(chunk));
      request.on("end", () => {
        try {
          const body = Buffer.concat(chunks).toString("utf8");
          const headers = request.headers as Record<string, string>;
          this.messages.push(new Webhook(this.secret ?? "").verify(body, headers) as Message);
          response.writeHead(204).end();
        } catch {
          this.forged += 1;
          response.writeHead(401).end();
        }
      });
    });
  }

  async listen(): Promise<void> {
    await new Promise<void>((resolve) => this.server.listen(0, "127.0.0.1", resolve));
    const { port } = this.server.address() as AddressInfo;
    const body = { url: `http://127.0.0.1:${port}/hooks`, events: ["order.shipped" as const] };
    const created = dataOf(await client.POST("/api/v1/webhooks", { body }));
    this.secret = created.secret;
  }

  /** Waits for the message of an order. */
  async of(orderId: number): Promise<Message> {
    for (let looks = 0; looks < 600; looks += 1) {
      const message = this.messages.find((message) => message.data.order_id === orderId);
      if (message) return message;
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    throw new Error(`no webhook for order ${orderId}; ${this.messages.length} others, ${this.forged} not signed`);
  }

  close(): void {
    this.server.closeAllConnections();
    this.server.close();
  }
}

const receiver = new Receiver();
await receiver.listen();
const errors = await retryErrors();
const shipped = await shipOne();
const webhook = await receiver.of(shipped.orderId);
receiver.close();
console.log(JSON.stringify({ errors, shipped, webhook, forged: receiver.forged }));
