import { ActionIcon, Button, CopyButton as MantineCopyButton, Tooltip } from '@mantine/core';
import { IconCheck, IconCopy } from '../theme/icons';

// Copies `text`. With `words` a button with text, else an icon.
export function CopyButton({
  text,
  label,
  words,
}: {
  text: string;
  label: string;
  words?: string;
}) {
  return (
    <MantineCopyButton value={text} timeout={1_500}>
      {({ copied, copy }) =>
        words ? (
          <Button
            variant="default"
            size="xs"
            onClick={copy}
            leftSection={copied ? <IconCheck size={14} /> : <IconCopy size={14} />}
          >
            {copied ? 'Copied' : words}
          </Button>
        ) : (
          <Tooltip label={copied ? 'Copied' : label}>
            <ActionIcon variant="subtle" color="gray" size={24} onClick={copy} aria-label={label}>
              {copied ? <IconCheck size={14} /> : <IconCopy size={14} />}
            </ActionIcon>
          </Tooltip>
        )
      }
    </MantineCopyButton>
  );
}
