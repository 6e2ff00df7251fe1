import {
  IconBan,
  IconCheck,
  IconClock,
  IconClockOff,
  IconHourglass,
  IconPlayerPlay,
  IconX,
} from './icons';

export const STATUSES = [
  'PENDING',
  'SCHEDULED',
  'RUNNING',
  'FAILED',
  'COMPLETED',
  'CANCELLED',
  'EXPIRED',
] as const;
export type Status = (typeof STATUSES)[number];

export const isStatus = (text: string): text is Status => STATUSES.includes(text as Status);
export const isFinished = (status: Status): boolean =>
  status === 'COMPLETED' || status === 'FAILED' || status === 'CANCELLED' || status === 'EXPIRED';

// A state is told by its icon and its own word; colour comes third.
export const STATUS_LOOK = {
  PENDING: { word: 'Pending', color: 'var(--status-pending)', icon: IconHourglass, sign: '⌛' },
  SCHEDULED: { word: 'Scheduled', color: 'var(--status-scheduled)', icon: IconClock, sign: '◷' },
  RUNNING: { word: 'Running', color: 'var(--status-running)', icon: IconPlayerPlay, sign: '▶' },
  FAILED: { word: 'Failed', color: 'var(--status-failed)', icon: IconX, sign: '✕' },
  COMPLETED: { word: 'Completed', color: 'var(--status-completed)', icon: IconCheck, sign: '✓' },
  CANCELLED: { word: 'Cancelled', color: 'var(--status-cancelled)', icon: IconBan, sign: '⊘' },
  EXPIRED: { word: 'Expired', color: 'var(--status-expired)', icon: IconClockOff, sign: '◌' },
} as const;
