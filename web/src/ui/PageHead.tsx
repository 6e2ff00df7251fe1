import { Group } from '@mantine/core';
import type { ReactNode } from 'react';

// The page's one title, and what can be done, on one line.
export function PageHead({ title, children }: { title: ReactNode; children?: ReactNode }) {
  return (
    <Group justify="space-between" mb="sm" gap="sm" mih={34}>
      <h1>{title}</h1>
      <Group gap="xs">{children}</Group>
    </Group>
  );
}
