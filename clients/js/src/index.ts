// Speaks to ocr-doc-serve, from Node.js or a browser. Types come from the service's OpenAPI file (schema.ts).

import type { components } from "./schema.js";

type Schemas = components["schemas"];
export type OcrAnswer = Schemas["OcrAnswer"];
export type Region = Schemas["Region"];
export type Prediction = Schemas["Prediction"];
export type Job = Schemas["JobAnswer"];
export type Stats = Schemas["StatsAnswer"];
export type Format = Schemas["FormatInfo"];
type OnlyOcr = Omit<Schemas["OcrForm"], "files">;
type OnlyJob = Omit<Schemas["JobForm"], "files">;
export type ReadOptions = Partial<OnlyOcr>;
export type JobOptions = Partial<OnlyJob>;

/** A file, or a name and the file's bytes. */
export type Input = File | { name: string; data: Blob | Uint8Array };

export type JobEvent =
  | { kind: "page"; data: { file: number; page: number; pages: number } }
  | { kind: "file"; data: { file: number; state: "done" | "failed"; error: Schemas["ErrorDetail"] | null } }
  | { kind: "end"; data: { state: Job["state"] } };

/** The service refused a request; status 0 where it could not be reached. */
export class ServiceError extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    message: string,
    readonly remedy: string,
    readonly retryAfter?: number,
  ) {
    super(message);
    this.name = "ServiceError";
  }
}

export interface ClientOptions {
  /** The service's token, if it wants one. */
  token?: string;
  /** How often to ask while the service says that it is busy; 5 without it. */
  tries?: number;
  /** Used instead of the global fetch. */
  fetch?: typeof fetch;
}

interface Asked extends RequestInit {
  query?: Record<string, string>;
}

export class Client {
  readonly #address: string;
  readonly #options: ClientOptions;

  /** @param address Such as "http://127.0.0.1:8000". */
  constructor(address: string, options: ClientOptions = {}) {
    this.#address = address.replace(/\/+$/, "");
    this.#options = options;
  }

  /** Reads a document: its text, and each word with its place. */
  async read(input: Input, options: ReadOptions = {}): Promise<OcrAnswer> {
    return (await this.#call("POST", "/api/ocr", { body: form("files", [input], options) })).json();
  }

  /** Reads a document and gives it in an output format, such as "text" or "json" (schema ocr-doc/1). */
  async write(input: Input, format: string, options: ReadOptions = {}): Promise<Uint8Array> {
    const body = form("files", [input], options);
    return bytes(await this.#call("POST", "/api/ocr", { body, query: { format } }));
  }

  /** Reads the image of one word or line. */
  async readWord(input: Input): Promise<Prediction> {
    return (await this.#call("POST", "/predict", { body: form("file", [input], {}) })).json();
  }

  /** Starts a job of many documents. */
  async start(inputs: Iterable<Input>, options: JobOptions = {}): Promise<Job> {
    return (await this.#call("POST", "/api/batch", { body: form("files", inputs, options) })).json();
  }

  /** Tells how far a job is. */
  async job(id: string): Promise<Job> {
    return (await this.#call("GET", `/api/jobs/${encodeURIComponent(id)}`)).json();
  }

  /** News of a job from its start, as it comes; ends with the job. */
  async *events(id: string): AsyncGenerator<JobEvent, void, undefined> {
    const answer = await this.#call("GET", `/api/jobs/${encodeURIComponent(id)}/events`);
    if (!answer.body) return;
    const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader();
    let text = "";
    for (;;) {
      const { value, done } = await reader.read();
      if (done) return;
      const events = (text + value).split("\n\n");
      text = events.pop() ?? "";
      for (const event of events) {
        const parts = new Map(event.split("\n").map((line) => splitOnce(line)));
        const kind = parts.get("event");
        if (kind) yield { kind, data: JSON.parse(parts.get("data") ?? "{}") } as JobEvent;
      }
    }
  }

  /** Waits until a job is done. */
  async wait(id: string): Promise<Job> {
    for await (const _ of this.events(id));
    return this.job(id);
  }

  /** What was read of one document of a job, in an output format; JSON of the schema ocr-doc/1 without one. */
  async result(id: string, index: number, format = "json"): Promise<Uint8Array> {
    const path = `/api/jobs/${encodeURIComponent(id)}/files/${index}`;
    return bytes(await this.#call("GET", path, { query: { format } }));
  }

  /** Ends a job and removes its results. */
  async remove(id: string): Promise<void> {
    await this.#call("DELETE", `/api/jobs/${encodeURIComponent(id)}`);
  }

  /** What the service has done since it started. */
  async stats(): Promise<Stats> {
    return (await this.#call("GET", "/api/stats")).json();
  }

  /** The output formats. */
  async formats(): Promise<Format[]> {
    const answer: Schemas["FormatsAnswer"] = await (await this.#call("GET", "/api/formats")).json();
    return answer.formats;
  }

  async #call(method: string, path: string, asked: Asked = {}): Promise<Response> {
    const { query, ...rest } = asked;
    const url = this.#address + path + (query ? `?${new URLSearchParams(query)}` : "");
    const headers = this.#options.token ? { Authorization: `Bearer ${this.#options.token}` } : {};
    for (let left = (this.#options.tries ?? 5) - 1; ; left--) {
      let answer: Response;
      try {
        answer = await (this.#options.fetch ?? fetch)(url, { ...rest, method, headers });
      } catch (error) {
        throw new ServiceError(0, "unreached", `The service cannot be reached: ${error}.`, "Check its address.");
      }
      if (answer.ok) return answer;
      const refused = await told(answer);
      if (answer.status !== 503 || refused.retryAfter === undefined || left <= 0) throw refused;
      // Not all at the same time.
      const seconds = refused.retryAfter * (0.8 + 0.4 * Math.random());
      await new Promise((resolve) => setTimeout(resolve, seconds * 1000));
    }
  }
}

function form(field: string, inputs: Iterable<Input>, options: object): FormData {
  const made = new FormData();
  for (const input of inputs) {
    if (input instanceof File) made.append(field, input, input.name);
    else made.append(field, input.data instanceof Blob ? input.data : new Blob([input.data.slice()]), input.name);
  }
  for (const [name, value] of Object.entries(options)) {
    if (value !== undefined && value !== null) made.append(name, String(value));
  }
  return made;
}

async function bytes(answer: Response): Promise<Uint8Array> {
  return new Uint8Array(await answer.arrayBuffer());
}

async function told(answer: Response): Promise<ServiceError> {
  const after = Number(answer.headers.get("retry-after") ?? NaN);
  const retry = Number.isFinite(after) ? after : undefined;
  try {
    const { error }: Schemas["ErrorAnswer"] = await answer.json();
    return new ServiceError(answer.status, error.code, error.message, error.remedy, retry);
  } catch {
    return new ServiceError(answer.status, "unknown", `The service answered ${answer.status}.`, "Check its address.", retry);
  }
}

function splitOnce(line: string): [string, string] {
  const at = line.indexOf(": ");
  return at < 0 ? [line, ""] : [line.slice(0, at), line.slice(at + 2)];
}
