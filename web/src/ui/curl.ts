// A call as a shell line, made from the very object that is sent.
export interface CurlCall {
  method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  path: string;
  body?: string;
  // Further header lines («Name: value»).
  headers?: string[];
}

const quoted = (text: string): string => `'${text.replaceAll("'", `'\\''`)}'`;

export function curlText({ method, path, body, headers }: CurlCall): string {
  const lines = [`curl -X ${method} "$BELFRY"${quoted(path)}`, `-H "Authorization: Bearer $TOKEN"`];
  if (method !== 'GET') lines.push(`-H 'Content-Type: application/json'`);
  for (const header of headers ?? []) lines.push(`-H ${quoted(header)}`);
  if (body !== undefined) lines.push(`-d ${quoted(body)}`);
  return lines.join(' \\\n  ');
}
