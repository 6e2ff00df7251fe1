import { isTyping } from './keyboard';

// Times are copied as RFC 3339 in UTC, whatever they are shown as: a relative one means nothing
// where it is pasted.

// The selection as text, with the times that lie wholly within it written out; null if none does.
export function copiedText(selection: Selection): string | null {
  if (selection.rangeCount === 0 || selection.isCollapsed) return null;
  const range = selection.getRangeAt(0);
  const shown = [...document.querySelectorAll<HTMLTimeElement>('time[datetime]')]
    .map((time) => ({ text: time.firstChild, at: Date.parse(time.dateTime) }))
    .filter((one): one is Shown => one.text instanceof Text && !Number.isNaN(one.at))
    .filter(({ text }) => isWithin(text, range));
  return shown.length === 0 ? null : writtenOut(selection, range, shown);
}

interface Shown {
  text: Text;
  at: number;
}

function isWithin(text: Text, range: Range): boolean {
  const whole = document.createRange();
  whole.selectNodeContents(text);
  return (
    range.compareBoundaryPoints(Range.START_TO_START, whole) <= 0 &&
    range.compareBoundaryPoints(Range.END_TO_END, whole) >= 0
  );
}

// Only the browser knows how a selection reads as text, so the times are changed for as long as it is
// asked.
function writtenOut(selection: Selection, range: Range, shown: Shown[]): string {
  const { endContainer, endOffset } = range;
  const before = shown.map(({ text }) => text.data);
  for (const { text, at } of shown) text.data = new Date(at).toISOString();
  if (shown.some(({ text }) => text === endContainer)) {
    range.setEnd(endContainer, (endContainer as Text).length);
  }
  const written = selection.toString();
  for (const [index, { text }] of shown.entries()) text.data = before[index] ?? '';
  range.setEnd(endContainer, endOffset);
  return written;
}

export function copyTimesWrittenOut(): void {
  document.addEventListener('copy', (event) => {
    const selection = getSelection();
    if (!selection || isTyping(event.target)) return;
    const text = copiedText(selection);
    if (text === null) return;
    event.clipboardData?.setData('text/plain', text);
    event.preventDefault();
  });
}
