// Standard Webhooks: base64 of HMAC-SHA-256 over «id.timestamp.body». Nothing leaves the browser.

export interface Signed {
  id: string;
  timestamp: string;
  body: string;
  // webhook-signature: «v1,… v1,…», one for each secret that holds.
  signatures: string;
  secret: string;
}
export type Verdict = 'right' | 'wrong' | 'bad-secret';

function bytesOfSecret(secret: string): Uint8Array<ArrayBuffer> | null {
  try {
    const text = atob(secret.trim().replace(/^whsec_/, ''));
    return text === '' ? null : Uint8Array.from(text, (c) => c.charCodeAt(0));
  } catch {
    return null;
  }
}

export async function signatureOf(part: Omit<Signed, 'signatures'>): Promise<string | null> {
  const bytes = bytesOfSecret(part.secret);
  if (!bytes) return null;
  const key = await crypto.subtle.importKey(
    'raw',
    bytes,
    { name: 'HMAC', hash: 'SHA-256' },
    false,
    ['sign'],
  );
  const text = new TextEncoder().encode(`${part.id}.${part.timestamp}.${part.body}`);
  const mac = new Uint8Array(await crypto.subtle.sign('HMAC', key, text));
  return `v1,${btoa(String.fromCharCode(...mac))}`;
}

export async function check(signed: Signed): Promise<Verdict> {
  const wanted = await signatureOf(signed);
  if (wanted === null) return 'bad-secret';
  return signed.signatures.trim().split(/\s+/).includes(wanted) ? 'right' : 'wrong';
}
