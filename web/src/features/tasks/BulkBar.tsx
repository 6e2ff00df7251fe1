import { Button, Group, Text } from '@mantine/core';
import type { BulkVerb, TaskFilter } from '../../api/tasks';
import { numberText, plural } from '../../ui/time';
import classes from './BulkBar.module.css';
import type { Steering } from './Steering';
import { statesFor } from './steering';

interface Props {
  selected: ReadonlySet<string>;
  // Of the selected: how many each verb would act on, as far as the loaded rows tell.
  unfinished: number;
  finished: number;
  // All that match, if the list is filtered; null if it is not (an empty filter is never sent).
  matching: { filter: TaskFilter; words: string[] } | null;
  steering: Steering;
  onClear: () => void;
}

// The verbs for selected rows, and for all that match.
export function BulkBar(props: Props) {
  const { selected, matching } = props;
  if (selected.size === 0 && !matching) return null;
  return (
    <Group className={classes.bar} gap="xs" role="region" aria-label="Several tasks">
      {selected.size > 0 && <Selected {...props} />}
      {matching && <Matching matching={matching} steering={props.steering} />}
    </Group>
  );
}

function Selected({ selected, finished, unfinished, steering, onClear }: Props) {
  const ids = [...selected];
  return (
    <>
      <Text size="sm" fw={600}>
        {plural(ids.length, 'task')} selected
      </Text>
      <Button
        size="xs"
        disabled={finished === 0}
        loading={steering.busy}
        onClick={() => steering.ask('retry', { ids })}
      >
        Retry {numberText(finished)}
      </Button>
      <Button
        size="xs"
        color="red"
        disabled={unfinished === 0}
        loading={steering.busy}
        onClick={() => steering.ask('cancel', { ids })}
      >
        Cancel {numberText(unfinished)}
      </Button>
      <Button
        size="xs"
        variant="default"
        onClick={() => void navigator.clipboard.writeText(ids.join('\n'))}
      >
        Copy ids
      </Button>
      <Button size="xs" variant="subtle" onClick={onClear}>
        Clear
      </Button>
    </>
  );
}

const WORDS: Record<BulkVerb, string> = { retry: 'Retry all…', cancel: 'Cancel all…' };

function Matching({
  matching,
  steering,
}: {
  matching: NonNullable<Props['matching']>;
  steering: Steering;
}) {
  const verbs = (['retry', 'cancel'] as const).filter(
    (verb) => statesFor(verb, matching.filter).length > 0,
  );
  return (
    <>
      <Text size="sm" c="dimmed">
        All that match:
      </Text>
      {verbs.map((verb) => (
        <Button
          key={verb}
          size="xs"
          variant="default"
          loading={steering.busy}
          onClick={() => steering.ask(verb, matching)}
        >
          {WORDS[verb]}
        </Button>
      ))}
    </>
  );
}
