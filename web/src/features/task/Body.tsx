import { Button, Group, SegmentedControl } from '@mantine/core';
import { useState } from 'react';
import { indented } from '../../api/raw_json';
import { CopyButton } from '../../ui/CopyButton';
import { JsonView } from '../../ui/JsonView';

const ON_DEMAND_BYTES = 64 * 1_024;

function sizeText(bytes: number): string {
  return bytes < 1_024 ? `${bytes} B` : `${(bytes / 1_024).toFixed(1)} KB`;
}

// A payload or result as the very text that came, laid out or raw.
export function Body({ title, raw, file }: { title: string; raw: string; file: string }) {
  const [mode, setMode] = useState('tree');
  const [shown, setShown] = useState(raw.length <= ON_DEMAND_BYTES);
  if (raw === 'null') {
    return (
      <section>
        <h3>
          {title} <span className="dim">–</span>
        </h3>
      </section>
    );
  }
  const download = () => {
    const link = document.createElement('a');
    link.href = URL.createObjectURL(new Blob([raw], { type: 'application/json' }));
    link.download = file;
    link.click();
    URL.revokeObjectURL(link.href);
  };
  return (
    <section>
      <Group gap="xs" mb={6}>
        <h3>
          {title} <span className="dim num">{sizeText(raw.length)}</span>
        </h3>
        <SegmentedControl
          size="xs"
          aria-label={`${title}: how it is shown`}
          value={mode}
          onChange={setMode}
          data={[
            { value: 'tree', label: 'Tree' },
            { value: 'raw', label: 'Raw' },
          ]}
        />
        <CopyButton text={raw} label={`Copy the ${title.toLowerCase()}`} />
        <Button size="compact-xs" variant="subtle" onClick={download}>
          Download
        </Button>
      </Group>
      {shown ? (
        <JsonView
          text={mode === 'tree' ? indented(raw) : raw}
          label={title}
          plain={mode === 'raw'}
        />
      ) : (
        <Button variant="default" onClick={() => setShown(true)}>
          Show all {sizeText(raw.length)}
        </Button>
      )}
    </section>
  );
}
