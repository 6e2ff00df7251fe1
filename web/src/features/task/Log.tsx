import type { TaskDetail } from '../../api/tasks';
import { TimeText } from '../../ui/TimeText';
import classes from './Log.module.css';

// What the worker told, each line with its time.
export function Log({ lines }: { lines: TaskDetail['logs'] }) {
  return (
    <section aria-labelledby="log-title">
      <h2 id="log-title">Log</h2>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls, by keyboard too */}
      <ol className={classes.log} tabIndex={0}>
        {lines.map((one, index) => (
          <li key={index}>
            <span className="dim">
              <TimeText at={one.at} exact />
            </span>
            <bdi>{one.line}</bdi>
          </li>
        ))}
      </ol>
    </section>
  );
}
