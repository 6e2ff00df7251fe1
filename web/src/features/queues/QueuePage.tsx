import { PageHead } from '../../ui/PageHead';

export default function QueuePage() {
  return <PageHead title="Queue" />;
}
