// How the providers speak: where the key stands, what a wrong one is told, how models are listed and answers streamed. Each after
// its own reference; app/domain/src/providers names them.

/** An event of a stream, and one that says its type before its data. */
export const event = (data) => `data: ${JSON.stringify(data)}\n\n`;
const typed = (data) => `event: ${data.type}\n${event(data)}`;
export const DONE = 'data: [DONE]\n\n';

/** A piece of a chat completion. */
export const chunk = (model, delta, finish = null) => ({ id: 'c-1', object: 'chat.completion.chunk', created: 1, model, choices: [{ index: 0, delta, finish_reason: finish }] });

const bearer = ({ authorization }) => authorization?.replace(/^Bearer /, '');
const list = (...ids) => ({ object: 'list', data: ids.map((id) => ({ id, object: 'model' })) });
const counts = { prompt_tokens: 25, completion_tokens: 15, total_tokens: 40 };
const lastMessage = ({ messages }) => messages.at(-1).content;

/** Any server that speaks chat completions; `models` is what it lists. */
export const compatible = (...models) => ({
  root: '/v1',
  key: bearer,
  refusal: () => [401, { error: { message: 'Incorrect API key provided.', type: 'invalid_request_error', code: 'invalid_api_key' } }],
  lists: { '/models': list(...models) },
});

/**
 * The others, by the names of their kinds. `label` is the name in the page, `root` what all paths begin with, `key` the one that came,
 * `refusal` and `said` what a wrong one is told and what of it is shown, `open` what is told without a key, `lists` all that is told,
 * `model` the one of these that is proposed, `asks` and `question` how an answer is asked for; an answer begins, says and ends,
 * and costs what is `charged`, where the provider says so.
 */
export const DIALECTS = {
  anthropic: {
    label: 'Anthropic',
    root: '/v1',
    key: (headers) => (headers['anthropic-version'] === '2023-06-01' ? headers['x-api-key'] : undefined),
    refusal: () => [401, { type: 'error', error: { type: 'authentication_error', message: 'invalid x-api-key' } }],
    said: 'invalid x-api-key',
    lists: {
      '/models?limit=1000': {
        data: ['claude-opus-4-1', 'claude-sonnet-4-5'].map((id) => ({ type: 'model', id, display_name: id, created_at: '2025-09-29T00:00:00Z' })),
        has_more: false,
      },
    },
    model: 'claude-sonnet-4-5',
    asks: (model) => ({ path: '/messages', model }),
    question: ({ messages }) => messages.at(-1).content.at(-1).text,
    begins: (model) => [
      { type: 'message_start', message: { id: 'msg_1', type: 'message', role: 'assistant', model, content: [], stop_reason: null, usage: { input_tokens: 25, output_tokens: 1 } } },
      { type: 'content_block_start', index: 0, content_block: { type: 'text', text: '' } },
      { type: 'ping' },
    ].map(typed).join(''),
    says: (model, text) => typed({ type: 'content_block_delta', index: 0, delta: { type: 'text_delta', text } }),
    ends: () => [
      { type: 'content_block_stop', index: 0 },
      { type: 'message_delta', delta: { stop_reason: 'end_turn', stop_sequence: null }, usage: { output_tokens: 15 } },
      { type: 'message_stop' },
    ].map(typed).join(''),
  },

  openai: {
    label: 'OpenAI',
    root: '/v1',
    key: bearer,
    // It says the key back, and nobody is shown that.
    refusal: (key) => [401, { error: { message: `Incorrect API key provided: ${key}. It begins with sk.`, type: 'invalid_request_error', param: null, code: 'invalid_api_key' } }],
    said: 'Incorrect API key provided: [key] It begins with sk.',
    lists: { '/models': list('gpt-5', 'whisper-1') },
    model: 'gpt-5',
    asks: (model) => ({ path: '/responses', model }),
    question: ({ input }) => input.at(-1).content,
    begins: (model) => [
      { type: 'response.created', response: { id: 'resp_1', object: 'response', status: 'in_progress', model, output: [] } },
      { type: 'response.output_item.added', output_index: 0, item: { id: 'msg_1', type: 'message', status: 'in_progress', role: 'assistant', content: [] } },
      { type: 'response.content_part.added', item_id: 'msg_1', output_index: 0, content_index: 0, part: { type: 'output_text', text: '', annotations: [] } },
    ].map(typed).join(''),
    says: (model, delta) => typed({ type: 'response.output_text.delta', item_id: 'msg_1', output_index: 0, content_index: 0, delta }),
    // The end says all of it again.
    ends: (model, text) => {
      const item = { id: 'msg_1', type: 'message', status: 'completed', role: 'assistant', content: [{ type: 'output_text', text, annotations: [] }] };
      const usage = { input_tokens: 25, input_tokens_details: { cached_tokens: 0 }, output_tokens: 15, output_tokens_details: { reasoning_tokens: 0 }, total_tokens: 40 };
      return [
        { type: 'response.output_text.done', item_id: 'msg_1', output_index: 0, content_index: 0, text },
        { type: 'response.output_item.done', output_index: 0, item },
        { type: 'response.completed', response: { id: 'resp_1', object: 'response', status: 'completed', model, error: null, output: [item], usage } },
      ].map(typed).join('');
    },
  },

  gemini: {
    label: 'Google Gemini',
    root: '/v1beta',
    key: (headers) => headers['x-goog-api-key'],
    refusal: () => [400, { error: { code: 400, message: 'API key not valid. Please pass a valid API key.', status: 'INVALID_ARGUMENT' } }],
    said: 'API key not valid. Please pass a valid API key.',
    lists: {
      '/models?pageSize=1000': {
        models: [['gemini-2.5-pro', 'generateContent'], ['gemini-flash-latest', 'generateContent'], ['gemini-embedding-001', 'embedContent']]
          .map(([id, method]) => ({ name: `models/${id}`, displayName: id, inputTokenLimit: 1048576, supportedGenerationMethods: [method] })),
      },
    },
    model: 'gemini-flash-latest',
    asks: (model) => ({ path: `/models/${model}:streamGenerateContent?alt=sse`, model: undefined }),
    question: ({ contents }) => contents.at(-1).parts.at(-1).text,
    begins: () => '',
    says: (modelVersion, text) => geminis({ candidates: [{ content: { role: 'model', parts: [{ text }] }, index: 0 }], modelVersion, responseId: 'r-1' }),
    ends: (modelVersion) => geminis({
      candidates: [{ content: { role: 'model', parts: [{ text: '' }] }, finishReason: 'STOP', index: 0 }],
      usageMetadata: { promptTokenCount: 25, candidatesTokenCount: 15, totalTokenCount: 40 },
      modelVersion,
      responseId: 'r-1',
    }),
  },

  deepseek: {
    label: 'DeepSeek',
    root: '/v1',
    key: bearer,
    refusal: (key) => [401, { error: { message: `Authentication Fails, Your api key: ****${key.slice(-4)} is invalid`, type: 'authentication_error', param: null, code: 'invalid_request_error' } }],
    said: 'Authentication Fails, Your api key: ****9999 is invalid',
    lists: { '/models': list('deepseek-v4-pro', 'deepseek-v4-flash') },
    model: 'deepseek-v4-flash',
    asks: (model) => ({ path: '/chat/completions', model }),
    question: lastMessage,
    begins: (model) => event(chunk(model, { role: 'assistant', content: null, reasoning_content: 'A greeting will do.' })),
    says: (model, content) => event(chunk(model, { content, reasoning_content: null })),
    ends: (model) => event({ ...chunk(model, { content: '', reasoning_content: null }, 'stop'), usage: counts }) + DONE,
  },

  openrouter: {
    label: 'OpenRouter',
    root: '/api/v1',
    key: bearer,
    refusal: () => [401, { error: { message: 'User not found.', code: 401 } }],
    said: 'User not found.',
    open: ['/models'],
    lists: {
      '/key': { data: { label: 'sk-or-v1-012...789', usage: 0, limit: null } },
      '/models': {
        data: ['openai/gpt-5', 'anthropic/claude-sonnet-4.5'].map((id) => ({ id, name: id, context_length: 200000, pricing: { prompt: '0.000003', completion: '0.000015' } })),
      },
    },
    model: 'anthropic/claude-sonnet-4.5',
    asks: (model) => ({ path: '/chat/completions', model }),
    question: lastMessage,
    charged: '$0.07',
    begins: (model) => `: OPENROUTER PROCESSING\n\n${event(chunk(model, { role: 'assistant', content: '' }))}`,
    says: (model, content) => event(chunk(model, { role: 'assistant', content })),
    ends: (model) => event(chunk(model, { role: 'assistant', content: '' }, 'stop'))
      + event({ ...chunk(model, { role: 'assistant', content: '' }), usage: { ...counts, cost: 0.07, is_byok: false } }) + DONE,
  },
};

/** Google ends its lines with a carriage return. */
function geminis(data) {
  return `data: ${JSON.stringify(data)}\r\n\r\n`;
}
