import { lazy, Suspense, useState } from 'react';
import classes from './Chart.module.css';
import { useZone } from './TimeText';
import { secondText } from './time';

export interface Line {
  label: string;
  // A CSS colour, custom properties too.
  color: string;
  values: (number | null)[];
  dashed?: boolean;
  fill?: boolean;
}
export interface ChartProps {
  // What it shows, in a sentence, for those who do not see it.
  sentence: string;
  // Seconds since 1970, rising.
  times: number[];
  lines: Line[];
  format: (value: number) => string;
  height?: number;
  // Charts of one name share their cursor.
  group?: string;
  // A span was dragged (seconds).
  onSpan?: (from: number, to: number) => void;
}

const Canvas = lazy(() => import('./ChartCanvas'));

// A time chart: its height stands before its data, its numbers can be had as a table.
export function Chart(props: ChartProps) {
  const [asTable, setAsTable] = useState(false);
  const height = props.height ?? 180;
  const zone = useZone();
  return (
    <figure className={classes.figure}>
      <div role="img" aria-label={props.sentence} className={classes.canvas} style={{ height }}>
        <Suspense fallback={null}>
          <Canvas {...props} height={height} zone={zone} />
        </Suspense>
      </div>
      <figcaption className={classes.caption}>
        {props.lines.map((line) => (
          <span key={line.label} className={classes.key}>
            <svg width="18" height="8" aria-hidden="true">
              <line
                x1="0"
                y1="4"
                x2="18"
                y2="4"
                stroke={line.color}
                strokeWidth="2"
                strokeDasharray={line.dashed ? '4 3' : undefined}
              />
            </svg>
            {line.label}
          </span>
        ))}
        <button
          type="button"
          className={classes.toggle}
          aria-pressed={asTable}
          onClick={() => setAsTable(!asTable)}
        >
          {asTable ? 'Hide table' : 'Show as table'}
        </button>
      </figcaption>
      {asTable && (
        <div className={classes.table}>
          <table>
            <caption>{props.sentence}</caption>
            <thead>
              <tr>
                <th scope="col">Time</th>
                {props.lines.map((line) => (
                  <th key={line.label} scope="col">
                    {line.label}
                  </th>
                ))}
              </tr>
            </thead>
            <tbody>
              {props.times.map((time, i) => (
                <tr key={time}>
                  <th scope="row">{secondText(time * 1_000, zone)}</th>
                  {props.lines.map((line) => {
                    const value = line.values[i];
                    return (
                      <td key={line.label}>
                        {value === null || value === undefined ? '–' : props.format(value)}
                      </td>
                    );
                  })}
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
    </figure>
  );
}
