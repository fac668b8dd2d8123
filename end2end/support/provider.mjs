// An OpenAI-compatible server of our own: it streams the calls that a model would make, and tells from the tools' results what
// came of them. It wants its key.
import { createServer } from 'node:http';

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

const chunk = (delta, finish = null) => ({ id: 'c-1', object: 'chat.completion.chunk', created: 1, model: 'other-model-served', choices: [{ index: 0, delta, finish_reason: finish }] });

function* chunks({ text, calls }) {
  yield chunk({ role: 'assistant', content: '' });
  for (const word of text.match(/\S+\s*/g) ?? []) yield chunk({ content: word });
  for (const [index, [name, values]] of calls.entries()) {
    const text = JSON.stringify(values);
    yield chunk({ tool_calls: [{ index, id: `call_${index}_${Date.now()}`, type: 'function', function: { name, arguments: '' } }] });
    for (let at = 0; at < text.length; at += 7) yield chunk({ tool_calls: [{ index, function: { arguments: text.slice(at, at + 7) } }] });
  }
  yield chunk({}, calls.length ? 'tool_calls' : 'stop');
  yield { ...chunk({}), choices: [], usage: { prompt_tokens: 321, completion_tokens: 45, total_tokens: 366 } };
}

/** Starts a server that wants its key and answers chats; `models` is what it lists. */
async function serve(key, models, answer) {
  const server = createServer(async (request, response) => {
    let body = '';
    for await (const piece of request) body += piece;
    if (request.headers.authorization !== `Bearer ${key}`) {
      response.writeHead(401, { 'content-type': 'application/json' });
      return response.end(JSON.stringify({ error: { message: 'Incorrect API key provided.', type: 'invalid_request_error', code: 'invalid_api_key' } }));
    }
    if (request.url === '/v1/models') {
      response.writeHead(200, { 'content-type': 'application/json' });
      return response.end(JSON.stringify({ object: 'list', data: models.map((id) => ({ id, object: 'model' })) }));
    }
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    return answer(JSON.parse(body), response, request.url);
  });
  await new Promise((ready) => server.listen(0, '127.0.0.1', ready));
  return { url: `http://127.0.0.1:${server.address().port}/v1`, stop: () => server.close() };
}

const pause = (ms) => new Promise((later) => setTimeout(later, ms));

/** Starts it; answers its base URL, what it was asked, and the way to stop it. */
export async function provider(key) {
  const asked = [];
  const running = await serve(key, ['other-model', 'small-model'], async ({ messages, model, stream }, response, url) => {
    asked.push({ url, model, stream });
    for (const piece of chunks(next(messages))) {
      response.write(`data: ${JSON.stringify(piece)}\n\n`);
      await pause(3);
    }
    response.end('data: [DONE]\n\n');
  });
  return { ...running, asked };
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
  const event = (delta, finish = null) => `data: ${JSON.stringify({ ...chunk(delta, finish), model: name })}\n\n`;
  const running = await serve(key, ['hostile'], async (_, response) => {
    const text = [...texts[said]];
    said += 1;
    const pieces = (field) => [...cut(text, 40)].map((piece) => event({ [field]: piece.join('') }));
    const events = [...pieces('reasoning_content'), ...pieces('content'), event({}, 'stop'), 'data: [DONE]\n\n'];
    for (const packet of cut(Buffer.from(events.join('')), 700)) {
      response.write(packet);
      await pause(1);
    }
    response.end();
  });
  return { ...running, said: () => said };
}
