import { PageHead } from '../../ui/PageHead';

export default function QueuesPage() {
  return <PageHead title="Queues" />;
}
