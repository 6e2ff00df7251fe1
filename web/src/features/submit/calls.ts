import { bodyOf, DELAYS, type Draft, membersOf, momentOf, pairsOf, payloadText } from './draft';

const quoted = (text: string): string => JSON.stringify(text);

// A raw string literal whose end does not occur in the text.
function rawLiteral(text: string): string {
  let mark = 'json';
  while (text.includes(`)${mark}"`)) mark += '_';
  return `R"${mark}(${text})${mark}"`;
}

// What belfry::client::Submission has no field for travels as a call with the body itself.
function isPlain(draft: Draft): boolean {
  return (
    draft.backoff === '' &&
    draft.initialMs === '' &&
    draft.maxMs === '' &&
    draft.jitter === '' &&
    !(draft.target === 'http' && draft.method !== 'POST') &&
    !(draft.target === 'echo' && (draft.echoDelayMs !== '' || draft.echoFailTimes !== ''))
  );
}

function targetFields(draft: Draft): string[] {
  const fields = [`.kind = Target::Kind::${draft.target}`];
  if (draft.target !== 'http') return fields;
  fields.push(`.url = ${quoted(draft.url.trim())}`);
  const headers = Object.entries(pairsOf(draft.headers, ':').pairs);
  if (headers.length > 0)
    fields.push(
      `.headers = {${headers.map(([n, v]) => `{${quoted(n)}, ${quoted(v)}}`).join(', ')}}`,
    );
  if (draft.targetTimeoutMs !== '')
    fields.push(`.timeout = std::chrono::milliseconds{${draft.targetTimeoutMs}}`);
  return fields;
}

// The same submission with the C++ client (include/belfry/client.hpp).
export function clientCall(draft: Draft): string {
  if (!isPlain(draft))
    return `auto task = client.call({
    .method = "POST",
    .path = "/api/v1/tasks",
    .body = Json::parse(${rawLiteral(bodyOf(draft))}),
});`;
  const lines = [`.task_name = ${quoted(draft.taskName)}`];
  const add = (name: string, value: string) => lines.push(`.${name} = ${value}`);
  const payload = payloadText(draft);
  const moment = momentOf(draft);
  const delay = DELAYS[draft.when];
  const expires = membersOf(draft).find(([name]) => name === 'expiresAt')?.[1];
  const labels = Object.entries(pairsOf(draft.labels, '=').pairs);
  if (payload !== undefined) add('payload', `*Json::parse(${rawLiteral(payload)})`);
  if (draft.queue.trim() !== '') add('queue', quoted(draft.queue.trim()));
  if (draft.priority !== '') add('priority', String(draft.priority));
  if (moment !== null) add('scheduled_for', quoted(new Date(moment).toISOString()));
  if (delay !== undefined) add('delay', `std::chrono::milliseconds{${delay}}`);
  if (expires !== undefined) add('expires_at', expires);
  if (draft.target !== 'default') add('target', `Target{${targetFields(draft).join(', ')}}`);
  if (draft.maxAttempts !== '') add('max_attempts', String(draft.maxAttempts));
  if (draft.timeoutMs !== '') add('timeout', `std::chrono::milliseconds{${draft.timeoutMs}}`);
  if (draft.callbackUrl.trim() !== '') add('callback_url', quoted(draft.callbackUrl.trim()));
  if (draft.tags.length > 0) add('tags', `{${draft.tags.map(quoted).join(', ')}}`);
  if (labels.length > 0)
    add('labels', `{${labels.map(([n, v]) => `{${quoted(n)}, ${quoted(v)}}`).join(', ')}}`);
  return `auto task = client.submit({\n${lines.map((line) => `    ${line},\n`).join('')}});`;
}
