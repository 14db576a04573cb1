/**
 * dfukit's library: everything but ports and key files (`dfukit/node`) and virtual devices (`dfukit/sim`). Pure: bytes
 * and plain values in and out, no Node, no files, no time but what is handed in.
 */
export type { Bytes } from './core/bytes.ts';
export { type Clock, systemClock, VirtualClock } from './core/clock.ts';
export {
  type DeviceState,
  DfuError,
  type DfuErrorOptions,
  ERRORS,
  type ErrorCode,
  type ErrorKind,
  type ExitCode,
  type Facts,
} from './core/errors.ts';
export { Inbox } from './core/inbox.ts';
export { version } from './core/version.ts';
export { bounded, pause, type Wait, within } from './core/wait.ts';
export { ecdsaSignatureFromDer, normaliseLowS } from './crypto/ecdsa-signature.ts';
export {
  decodePublicKeyPem,
  encodePublicKeyPem,
  importPublicKey,
  type KeyAlgorithm,
  type PublicKey,
  publicKeyDer,
  type Signer,
} from './crypto/public-key.ts';
export { assertNoTestKey, isTestKey } from './crypto/test-keys.ts';
export type { OperatorFacts } from './flash/facts.ts';
export type {
  Attempt,
  Confirmation,
  DeviceFacts,
  Entry,
  FlashPlan,
  Outcome,
  Phase,
  PlanOptions,
  Progress,
  Protocol,
  Run,
} from './flash/protocol.ts';
export { findProtocol, PROTOCOL_NAMES } from './flash/registry.ts';
export type { FlashReport } from './flash/report.ts';
export { parseResetSequence, type ResetSequence } from './flash/reset-sequence.ts';
export { type FlashOptions, flashPackage } from './flash/session.ts';
export {
  decodeManifest,
  encodeManifest,
  type Identifier,
  type Manifest,
  type ManifestImage,
} from './format/manifest.ts';
export { EXTENSION, encodePackage, MEDIA_TYPE, type PackageContent } from './format/package.ts';
export {
  decodeSignatures,
  encodeSignatures,
  type PackageSignature,
  packageId,
  signedMessage,
} from './format/signatures.ts';
export type { TrustedKey, TrustFile, TrustFileDocument, TrustFileRule } from './format/trust-file.ts';
export { decodeTrustFile, encodeTrustFile, loadTrustFile } from './format/trust-file-load.ts';
export { type Container, openContainer } from './format/zip.ts';
export { decodeGbl, encodeGbl, type Gbl, wrapRaw } from './images/gbl/codec.ts';
export { findPart, type Part } from './images/parts.ts';
export { type Recognised, recognise } from './images/recognise.ts';
export { describeFile } from './inspect/describe.ts';
export type { Description } from './inspect/description.ts';
export { type DiffOptions, diffFiles } from './inspect/diff.ts';
export type { Difference } from './inspect/diff-document.ts';
export type { ByteLink, Link, ModemLines, Port } from './link/link.ts';
export { type RemoteSettings, rfc2217Port } from './link/rfc2217.ts';
export { type BuildInput, type BuiltPackage, buildPackage } from './pack/build.ts';
export type { BuildImage } from './pack/image.ts';
export { attachSignature, type SealedPackage, signPackage, toBeSigned } from './pack/seal.ts';
export type { PackWarning } from './pack/warnings.ts';
export type { CheckId, Verdict } from './verify/checks.ts';
export type { DeviceDescription, Requirable, VerifyOptions } from './verify/options.ts';
export type { JudgedFile } from './verify/render/findings.ts';
export { renderGithub } from './verify/render/github.ts';
export { renderJunit } from './verify/render/junit.ts';
export { sarifDocument } from './verify/render/sarif.ts';
export { renderText } from './verify/render/text.ts';
export type { Check, VerifyReport } from './verify/report.ts';
export type { Trust } from './verify/trust.ts';
export { lintTrustFile, type TrustLintFinding, type TrustLintOptions } from './verify/trust-lint.ts';
export {
  type SignedTrustFile,
  type TrustUpdate,
  type TrustUpdateStep,
  updateTrustFile,
} from './verify/trust-update.ts';
export { assertVerified, type VerifiedImage, type VerifiedPackage } from './verify/verified-package.ts';
export { type Judgement, verifyPackage } from './verify/verify.ts';
