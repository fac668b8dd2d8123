-- More kinds of AI providers, what they want back of their answers, and what they charge for.

ALTER TABLE ai_providers
  DROP CONSTRAINT ai_providers_kind_check,
  ADD CONSTRAINT ai_providers_kind_check
    CHECK (kind IN ('sandbox', 'anthropic', 'openai', 'gemini', 'deepseek', 'openrouter', 'openai_compatible'));

-- What was sealed before is another host's, or another account's: address and key have been these since.
ALTER TABLE ai_providers ADD COLUMN seals_since timestamptz NOT NULL DEFAULT now();

-- By whom an answer was made, and of what parts: {provider, model, layout}. Several providers demand their reasoning back,
-- sealed and in its place, together with the results of the tools that it called. The words themselves are in `content`
-- only; here stand their lengths and the seals. NULL where nothing of the kind is wanted, and for tool steps.
ALTER TABLE run_steps ADD COLUMN making jsonb;

-- Of input_tokens, like cached_tokens (those read from a cache); writing into a cache has a price of its own.
ALTER TABLE runs ADD COLUMN cache_write_tokens bigint NOT NULL DEFAULT 0;
-- What the provider says it charged, in millionths of a dollar; NULL where it says nothing.
ALTER TABLE runs ADD COLUMN cost_micros bigint;
