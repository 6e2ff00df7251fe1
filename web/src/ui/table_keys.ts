import { type RefObject, useEffect, useRef } from 'react';
import { isCovered, isTyping } from './keyboard';
import { usePreference } from './preferences';

// Letters work wherever the focus is, if nobody types and single keys are on; these only in the table.
const MOVES: Record<string, number> = { ArrowDown: 1, ArrowUp: -1, PageDown: 15, PageUp: -15 };
const LETTERS: Record<string, number> = { j: 1, k: -1 };

export interface TableKeys {
  // `inside`: the focus is in the table already.
  move: (step: number, inside: boolean) => void;
  // Any other key; true if it meant something.
  press: (event: KeyboardEvent, inside: boolean) => boolean;
}

// The keys of the table on screen.
export function useTableKeys(frame: RefObject<HTMLElement | null>, keys: TableKeys): void {
  const [letters] = usePreference('shortcuts');
  const current = useRef(keys);
  current.current = keys;
  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return;
      if (isTyping(event.target) || isCovered()) return;
      const inside = event.target instanceof Node && !!frame.current?.contains(event.target);
      const step = (inside ? MOVES[event.key] : undefined) ?? (letters && LETTERS[event.key]);
      if (typeof step === 'number') current.current.move(step, inside);
      else if (!letters || !current.current.press(event, inside)) return;
      event.preventDefault();
    };
    addEventListener('keydown', onKey);
    return () => removeEventListener('keydown', onKey);
  }, [frame, letters]);
}
