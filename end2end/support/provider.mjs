// Providers of our own, which want their key. The first is an OpenAI-compatible server: it streams the calls that a model would make,
// and tells from the tools' results what came of them.
import { createServer } from 'node:http';
import { DONE, chunk, compatible, event } from './dialects.mjs';

const CUSTOMER = 'Ada Lovelace';

/** What a model says next to a conversation: text, or calls. */
function next(messages) {
  const last = messages.at(-1);
  if (last.role === 'user') {
    return { text: 'Looking her up.', calls: [['search_records', { collection: 'customers', query: CUSTOMER }]] };
  }
  const results = messages.slice(messages.findLastIndex((message) => message.role === 'assistant') + 1).map((message) => message.content);
  const record = JSON.parse(results[0])?.records?.[0];
  if (record) {
    return {
      text: '',
      calls: [
        ['update_record', { collection: 'customers', record_id: record.id, changes: { discount_percent: 15 }, reason: 'She was promised it.' }],
        ['send_email', { to: record.data.email, subject: 'From the other model', body: 'Your discount is 15 %.', reason: 'She should know.' }],
      ],
    };
  }
  return { text: `Told back: ${results.join(' | ')}`, calls: [] };
}

const served = (delta, finish) => chunk('other-model-served', delta, finish);

function* chunks({ text, calls }) {
  yield served({ role: 'assistant', content: '' });
  for (const word of text.match(/\S+\s*/g) ?? []) yield served({ content: word });
  for (const [index, [name, values]] of calls.entries()) {
    const text = JSON.stringify(values);
    yield served({ tool_calls: [{ index, id: `call_${index}_${Date.now()}`, type: 'function', function: { name, arguments: '' } }] });
    for (let at = 0; at < text.length; at += 7) yield served({ tool_calls: [{ index, function: { arguments: text.slice(at, at + 7) } }] });
  }
  yield served({}, calls.length ? 'tool_calls' : 'stop');
  yield { ...served({}), choices: [], usage: { prompt_tokens: 321, completion_tokens: 45, total_tokens: 366 } };
}

const json = (response, status, body) => {
  response.writeHead(status, { 'content-type': 'application/json' });
  response.end(JSON.stringify(body));
};
const streamed = (response) => response.writeHead(200, { 'content-type': 'text/event-stream' });

/** Starts a server that wants its key, tells its lists, and leaves it to `answer` what else is asked; in its dialect. */
async function serve(key, { root, key: given, refusal, open = [], lists }, answer) {
  const server = createServer(async (request, response) => {
    let body = '';
    for await (const piece of request) body += piece;
    const path = request.url.startsWith(root) ? request.url.slice(root.length) : undefined;
    const came = given(request.headers);
    if (came !== key && !open.includes(path)) return json(response, ...refusal(came ?? ''));
    if (request.method === 'POST') return answer(JSON.parse(body), response, request.url);
    return lists[path] ? json(response, 200, lists[path]) : json(response, 404, { error: { message: 'There is nothing here.' } });
  });
  await new Promise((ready) => server.listen(0, '127.0.0.1', ready));
  const origin = `http://127.0.0.1:${server.address().port}`;
  return { origin, url: `${origin}${root}`, stop: () => server.close() };
}

const pause = (ms) => new Promise((later) => setTimeout(later, ms));

/** Something that is waited for: how it is waited for, and what ends it. */
function gate() {
  let open;
  const opened = new Promise((now) => { open = now; });
  return { opened, open };
}

/** Starts it; answers its base URL, what it was asked, the way to have it turn everybody away, how often it did, and the way to stop
 *  it. */
export async function provider(key) {
  const asked = [];
  let [busy, turnedAway] = [false, 0];
  const running = await serve(key, compatible('other-model', 'small-model'), async ({ messages, model, stream }, response, url) => {
    if (busy) {
      turnedAway += 1;
      return json(response, 503, { error: { message: 'The engine is currently overloaded.', type: 'server_error' } });
    }
    asked.push({ url, model, stream });
    streamed(response);
    for (const piece of chunks(next(messages))) {
      response.write(event(piece));
      await pause(3);
    }
    return response.end(DONE);
  });
  return { ...running, asked, overload: () => { busy = true; }, turnedAway: () => turnedAway };
}

/** One of a kind of its own: it says the first of its words at once, and the rest when it may go on. */
export async function native(dialect, key, [first, rest]) {
  const { model, question, begins, says, ends } = dialect;
  const asked = [];
  const held = gate();
  const running = await serve(key, dialect, async (body, response, url) => {
    asked.push({ path: url, model: body.model, question: question(body) });
    streamed(response).write(begins(model) + says(model, first));
    await held.opened;
    response.end(says(model, rest) + ends(model, first + rest));
  });
  return { ...running, asked, goOn: held.open };
}

/** One that says a part and drops the connection when it is told to; whoever asks again hears the whole. */
export async function brittle(key, part, whole) {
  const asked = [];
  const held = gate();
  const running = await serve(key, compatible('brittle-model'), async ({ messages }, response) => {
    asked.push(messages.at(-1).content);
    const breaks = asked.length === 1;
    streamed(response);
    for (const content of (breaks ? part : whole).match(/\S+\s*/g)) {
      response.write(event(served({ content })));
      await pause(3);
    }
    if (breaks) {
      await held.opened;
      return response.destroy();
    }
    return response.end(event(served({}, 'stop')) + DONE);
  });
  return { ...running, asked, drop: held.open };
}

/** One that says these texts, one an answer, in words and in thoughts, under this model's name: in pieces of any length, and in
 *  packets that end anywhere, in the middle of a character as well. */
export async function speaker(key, texts, name, random) {
  let said = 0;
  const upTo = (most) => 1 + Math.floor(random() * most);
  function* cut(whole, most) {
    for (let at = 0; at < whole.length;) {
      const end = at + upTo(most);
      yield whole.slice(at, end);
      at = end;
    }
  }
  const spoken = (delta, finish) => event(chunk(name, delta, finish));
  const running = await serve(key, compatible('hostile'), async (_, response) => {
    streamed(response);
    const text = [...texts[said]];
    said += 1;
    const pieces = (field) => [...cut(text, 40)].map((piece) => spoken({ [field]: piece.join('') }));
    const events = [...pieces('reasoning_content'), ...pieces('content'), spoken({}, 'stop'), DONE];
    for (const packet of cut(Buffer.from(events.join('')), 700)) {
      response.write(packet);
      await pause(1);
    }
    response.end();
  });
  return { ...running, said: () => said };
}
