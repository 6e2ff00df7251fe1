import { useHotkeys } from '@mantine/hooks';
import { usePreference } from './preferences';

// Single keys of the page on screen: off in fields and while a dialog is open, and where somebody
// has switched them off.
export function usePageKeys(keys: Record<string, () => void>): void {
  const [on] = usePreference('shortcuts');
  const run = (act: () => void) => () => {
    if (on && !document.querySelector('[role="dialog"]')) act();
  };
  useHotkeys(Object.entries(keys).map(([key, act]) => [key, run(act)]));
}
