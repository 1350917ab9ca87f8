import { parseCertificate, type Certificate } from '@sekisho/pki/certificate.ts';
import { X509Certificate } from 'node:crypto';

/** A certificate out of its PEM. */
export const certificateOf = (pem: string): Certificate => parseCertificate(new X509Certificate(pem).raw);
