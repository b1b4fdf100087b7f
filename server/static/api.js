// The service's routes, as this page uses them.

const STORED = "ocr-doc-token";
let askToken = async () => null;

export class Refused extends Error {}

// `ask` is called where the service wants a token; it gives one, or null.
export function onTokenWanted(ask) {
  askToken = ask;
}

export function token() {
  return sessionStorage.getItem(STORED) ?? "";
}

export function keepToken(text) {
  sessionStorage.setItem(STORED, text);
}

function headers() {
  return token() ? { Authorization: `Bearer ${token()}` } : {};
}

// What an answer that is no success says, in words.
function told(status, text) {
  try {
    const { error } = JSON.parse(text);
    return `${error.message} ${error.remedy}`;
  } catch {
    return `The service answered ${status}.`;
  }
}

export async function call(path, options = {}) {
  let answer;
  try {
    answer = await fetch(path, { ...options, headers: { ...headers(), ...options.headers } });
  } catch {
    throw new Refused("The service cannot be reached. Is it running?");
  }
  if (answer.status === 401 && (await askToken())) return call(path, options);
  if (!answer.ok) throw new Refused(told(answer.status, await answer.text()));
  return answer;
}

// Sends a form and tells how much of it is sent, in [0, 1]; fetch cannot tell that.
export function send(path, form, progress) {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    request.open("POST", path);
    for (const [name, value] of Object.entries(headers())) request.setRequestHeader(name, value);
    request.upload.onprogress = (event) => event.lengthComputable && progress(event.loaded / event.total);
    request.onerror = () => reject(new Refused("The upload was cut off, or the service cannot be reached."));
    request.onload = async () => {
      if (request.status === 401 && (await askToken())) resolve(send(path, form, progress));
      else if (request.status < 300) resolve(JSON.parse(request.responseText));
      else reject(new Refused(told(request.status, request.responseText)));
    };
    request.send(form);
  });
}

// News of a job: calls `tell(kind, data)` for each; resolves when the job has ended. A line that breaks is taken up again.
export async function follow(jobId, tell) {
  let last = 0;
  for (let tries = 0; tries < 5; tries++) {
    const answer = await call(`/api/jobs/${jobId}/events`, { headers: { "Last-Event-ID": String(last) } });
    const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader();
    let text = "";
    try {
      for (;;) {
        const { value, done } = await reader.read();
        if (done) break;
        text += value;
        const events = text.split("\n\n");
        text = events.pop();
        for (const event of events) {
          const parts = Object.fromEntries(event.split("\n").map((line) => line.split(/: (.*)/s)));
          if (!parts.event) continue;
          last = Number(parts.id);
          tries = 0;
          tell(parts.event, JSON.parse(parts.data));
          if (parts.event === "end") return;
        }
      }
    } catch {
      // taken up again below
    }
    await new Promise((resolve) => setTimeout(resolve, 1000));
  }
  throw new Refused("The line to the service broke off.");
}

export async function json(path, options) {
  return (await call(path, options)).json();
}

// A document, corrected perhaps, in another format.
export async function write(document, format) {
  const body = JSON.stringify(document);
  const options = { method: "POST", body, headers: { "Content-Type": "application/json" } };
  return (await call(`/api/export?format=${encodeURIComponent(format)}`, options)).blob();
}

// JSON of a route that is not worth asking for a token.
export async function quiet(path) {
  const answer = await fetch(path, { headers: headers() });
  if (!answer.ok) throw new Refused(`The service answered ${answer.status}.`);
  return answer.json();
}
