// JSON as text. `JSON.parse` loses digits of large numbers and duplicates memory, so payloads and
// results are cut out of an answer and laid out without being parsed. Input is valid JSON.

function endOfString(text: string, start: number): number {
  let i = start + 1;
  while (i < text.length && text[i] !== '"') i += text[i] === '\\' ? 2 : 1;
  return i + 1;
}

// The index behind the value that begins at `start`.
export function endOfValue(text: string, start: number): number {
  const first = text[start];
  if (first === '"') return endOfString(text, start);
  if (first !== '{' && first !== '[') {
    let i = start;
    while (i < text.length && !/[\s,\]}]/.test(text.charAt(i))) i++;
    return i;
  }
  let depth = 0;
  for (let i = start; i < text.length; ) {
    const c = text[i];
    if (c === '"') {
      i = endOfString(text, i);
      continue;
    }
    if (c === '{' || c === '[') depth++;
    if (c === '}' || c === ']') depth--;
    i++;
    if (depth === 0) return i;
  }
  return text.length;
}

const skipSpace = (text: string, i: number): number => {
  while (/\s/.test(text.charAt(i))) i++;
  return i;
};

// The raw text of a member of the outermost object, or null if it has none of that name.
export function rawMember(text: string, name: string): string | null {
  let i = skipSpace(text, 0) + 1;
  for (;;) {
    i = skipSpace(text, i);
    if (text[i] !== '"') return null;
    const nameEnd = endOfString(text, i);
    const found = JSON.parse(text.slice(i, nameEnd)) === name;
    const start = skipSpace(text, skipSpace(text, nameEnd) + 1);
    const end = endOfValue(text, start);
    if (found) return text.slice(start, end);
    i = skipSpace(text, end);
    if (text[i] !== ',') return null;
    i++;
  }
}

// The same value with two spaces a level; every number and string stays as it was written.
export function indented(text: string): string {
  const out: string[] = [];
  let depth = 0;
  const line = () => `\n${'  '.repeat(depth)}`;
  for (let i = 0; i < text.length; ) {
    const c = text.charAt(i);
    if (c === '"') {
      const end = endOfString(text, i);
      out.push(text.slice(i, end));
      i = end;
      continue;
    }
    i++;
    if (/\s/.test(c)) continue;
    if (c === '{' || c === '[') {
      const next = skipSpace(text, i);
      if (text[next] === '}' || text[next] === ']') {
        out.push(c, text.charAt(next));
        i = next + 1;
        continue;
      }
      depth++;
      out.push(c, line());
    } else if (c === '}' || c === ']') {
      depth--;
      out.push(line(), c);
    } else if (c === ',') {
      out.push(c, line());
    } else if (c === ':') {
      out.push(': ');
    } else {
      out.push(c);
    }
  }
  return out.join('');
}
