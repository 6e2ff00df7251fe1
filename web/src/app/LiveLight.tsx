import { Tooltip } from '@mantine/core';
import { useLight } from '../api/live_context';
import { TimeText } from '../ui/TimeText';
import classes from './LiveLight.module.css';

// Whether what is shown is live; if not, since when.
export function LiveLight() {
  const { light, heardAt } = useLight();
  const words = { live: 'live', connecting: 'connecting', stale: 'stale' }[light];
  return (
    <Tooltip
      label={
        light === 'live' ? 'News comes as it happens.' : 'No news comes; what is shown may be old.'
      }
    >
      <span className={classes.light} data-light={light} role="status">
        <span className={classes.dot} aria-hidden />
        {words}
        {light === 'stale' && heardAt !== null && (
          <span className={classes.since}>
            , last update <TimeText at={new Date(heardAt).toISOString()} />
          </span>
        )}
      </span>
    </Tooltip>
  );
}
