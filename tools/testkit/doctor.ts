// The parts of `npm run doctor` that read what a deployment answers, as the edge tests reach them.
export type { Check } from "../operator/doctor/check.ts";
export { providerChecks } from "../operator/doctor/provider.ts";
export { reach } from "../operator/doctor/reach.ts";
export { createRemedies } from "../operator/doctor/remedies.ts";
