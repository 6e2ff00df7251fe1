import { useMantineColorScheme } from '@mantine/core';
import { useEffect, useRef } from 'react';
import { useLocation } from 'wouter';
import { isTyping } from '../ui/keyboard';
import { usePreference } from '../ui/preferences';
import type { Place } from './nav';

const GO_MS = 1_200;

// The keys that work on every page: `g` and a page's key, `c` submit, `t` times, `d` theme, `?` help.
// Off in fields and in dialogs; single keys can be switched off.
export function useKeys(places: Place[], onHelp: () => void): void {
  const [, navigate] = useLocation();
  const [on] = usePreference('shortcuts');
  const [time, setTime] = usePreference('time');
  const { toggleColorScheme } = useMantineColorScheme();
  const goAt = useRef(Number.NEGATIVE_INFINITY);
  useEffect(() => {
    if (!on) return;
    const onKey = (event: KeyboardEvent) => {
      if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return;
      if (isTyping(event.target) || document.querySelector('[role="dialog"]')) return;
      const going = event.timeStamp - goAt.current < GO_MS;
      goAt.current = Number.NEGATIVE_INFINITY;
      if (going) {
        const place = places.find((one) => one.rail?.key === event.key);
        if (place) {
          event.preventDefault();
          navigate(place.path);
        }
        return;
      }
      const submit = places.find((one) => one.id === 'submit');
      if (event.key === 'g') goAt.current = event.timeStamp;
      else if (event.key === 'c' && submit) {
        event.preventDefault();
        navigate(submit.path);
      } else if (event.key === 't') {
        setTime(time === 'relative' ? 'local' : time === 'local' ? 'utc' : 'relative');
      } else if (event.key === 'd') toggleColorScheme();
      else if (event.key === '?') onHelp();
    };
    // Before the keys of a table: the `k` of `g k` does not move in it.
    addEventListener('keydown', onKey, true);
    return () => removeEventListener('keydown', onKey, true);
  }, [on, places, navigate, time, setTime, toggleColorScheme, onHelp]);
}
