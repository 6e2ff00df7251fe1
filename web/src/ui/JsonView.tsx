import { lazy, Suspense } from 'react';
import classes from './JsonView.module.css';

const Editor = lazy(() => import('./JsonEditor'));
export const fetchEditor = (): void => void import('./JsonEditor');

// The first 2 KB until the viewer is there, in a box of the same height.
const PREVIEW = 2_048;
const LINE = 20;
const LINES_MAX = 24;

function heightOf(text: string): number {
  let lines = 1;
  for (let i = 0; i < text.length && lines < LINES_MAX; i++) if (text[i] === '\n') lines++;
  return lines * LINE + 16;
}

export interface JsonViewProps {
  text: string;
  label: string;
  // Given: the text can be edited.
  onChange?: (text: string) => void;
  minLines?: number;
  // Not JSON (a payload that is a string): no colours, no folding.
  plain?: boolean;
}

// JSON as text: folds, finds, and keeps only the lines on screen in the page.
export function JsonView(props: JsonViewProps) {
  const height = Math.max(heightOf(props.text), (props.minLines ?? 1) * LINE + 16);
  return (
    <div className={classes.box} style={{ height }}>
      <Suspense fallback={<pre className={classes.preview}>{props.text.slice(0, PREVIEW)}</pre>}>
        <Editor {...props} />
      </Suspense>
    </div>
  );
}
