/** The thread of `buildCrlAside`: puts one list after the other together and lints it. It has no key, and no database. */
import { AppError } from '@sekisho/core/errors.ts';
import { CrlBuilder, type CrlHead } from '@sekisho/pki/build-crl.ts';
import { parseCertificate } from '@sekisho/pki/certificate.ts';
import { parentPort } from 'node:worker_threads';

/** What the thread is told: entries in parts, then what else the list says. */
export type CrlThreadWish =
  { readonly packed: Uint8Array<ArrayBuffer> } | { readonly head: CrlHead; readonly issuerDer: Uint8Array };

/** What it answers at the end. */
export type CrlThreadAnswer =
  { readonly tbsDer: Uint8Array<ArrayBuffer>; readonly thisUpdateMs: number } | { readonly findings: string };

let builder = new CrlBuilder();
parentPort?.on('message', (wish: CrlThreadWish) => {
  if ('packed' in wish) {
    builder.add(wish.packed);
    return;
  }
  const answer = finish(wish.head, wish.issuerDer);
  parentPort?.postMessage(answer, 'tbsDer' in answer ? [answer.tbsDer.buffer] : []);
});

function finish(head: CrlHead, issuerDer: Uint8Array): CrlThreadAnswer {
  const thisUpdateMs = Math.max(head.thisUpdateMs, builder.newestMs);
  try {
    const tbsDer = builder.finish({ ...head, thisUpdateMs }, parseCertificate(issuerDer));
    return { tbsDer: ownBuffer(tbsDer), thisUpdateMs };
  } catch (error) {
    const findings = error instanceof AppError ? error.params['findings'] : undefined;
    return { findings: String(findings ?? error) };
  } finally {
    builder = new CrlBuilder();
  }
}

/** Bytes in a buffer of their own can be handed over without a copy; a short list lies in one with others. */
const ownBuffer = (bytes: Uint8Array): Uint8Array<ArrayBuffer> =>
  bytes.buffer instanceof ArrayBuffer && bytes.byteLength === bytes.buffer.byteLength
    ? new Uint8Array(bytes.buffer)
    : new Uint8Array(bytes);
