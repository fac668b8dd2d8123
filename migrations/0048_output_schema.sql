-- Answers of a form: a JSON Schema, an object, that an agent's answers have to fit; NULL: answers are words. A run keeps the one that it
-- began with, its agent's or one that came with its message: whoever takes it up after a crash asks for the same, and what its answer
-- is does not change when the agent does.

ALTER TABLE agents ADD COLUMN output_schema jsonb CHECK (jsonb_typeof(output_schema) = 'object');
ALTER TABLE runs ADD COLUMN output_schema jsonb CHECK (jsonb_typeof(output_schema) = 'object');
