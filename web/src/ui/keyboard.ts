// Whether a key belongs to what has the focus: a field that takes text.
export function isTyping(target: EventTarget | null): boolean {
  if (!(target instanceof HTMLElement)) return false;
  if (target instanceof HTMLInputElement) return !/^(checkbox|radio|button)$/.test(target.type);
  return (
    target.isContentEditable ||
    /^(TEXTAREA|SELECT)$/.test(target.tagName) ||
    target.closest('.cm-editor') !== null
  );
}

// Something lies over the page and has the keys: a dialog, a drawer, a menu, a list of choices.
export const isCovered = (): boolean =>
  document.querySelector('[role="dialog"],[role="menu"],[role="listbox"]') !== null;
