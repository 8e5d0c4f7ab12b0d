const unfetched = "Unable to download the media resource from the given URL.";
const slowDown = "Requests rate limit exceeded, please try again later.";
const theirs = "An internal error has occured, please try again later or contact service support.";

/** Distinguishes a full account from a rate limit: both are `Throttling.AllocationQuota`. */
const voiceLimitMessage = "Maximum voice storage limit exceeded";

/** Each documented error by its usual status, with a message in the provider's manner (docs/qwen-api.md). */
const byStatus: [status: number, messages: Record<string, string>][] = [
  [400, {
    "Audio.PreprocessError": "Failed to preprocess the audio: no usable speech found.",
    "Audio.DecoderError": "Failed to decode the audio file.",
    "Audio.AudioRateError": "The sample rate of the audio is too low.",
    "Audio.DurationLimitError": "The audio is longer than 60 seconds.",
    "Audio.AudioSilentError": "The audio is silent.",
    "Audio.AudioShortError": "The audio holds too little speech.",
    "BadRequest.UnsupportedFileFormat": "The file format is not supported.",
    "CustomRoleBlocked": "Input data may break a rule of the account.",
    "DataInspectionFailed": "Input data may contain inappropriate content.",
    "BadRequest.InputDownloadFailed": unfetched,
    "InvalidURL": "The request URL is invalid.",
    "InvalidURL.ConnectionRefused": "Connection to the given URL was refused.",
    "InvalidURL.Timeout": "Downloading from the given URL timed out.",
    "InvalidParameter.DataInspection": `${unfetched} (data inspection)`,
    "Arrearage": "Access denied, please make sure your account is in good standing.",
    "InvalidParameter": "Required parameter(s) missing or invalid.",
    "BadRequest.EmptyInput": "Required input parameter missing from request.",
    "BadRequest.EmptyParameters": "Required parameter missing from request.",
    "BadRequest.IllegalInput": "The input parameter does not meet the requirements.",
    "BadRequest.TooLarge": "Payload too large.",
    "BadRequest.VoiceNotFound": "Voice not found.",
    "BadRequest.VoiceModelMismatch": "The voice is not supported by the model.",
    "InvalidParameter.ResourceNotExist": "The required resource does not exist.",
  }],
  [430, { "Audio.FileSizeExceed": "The audio file is too large." }],
  [401, {
    "InvalidApiKey": "Invalid API-key provided.",
    "NOT AUTHORIZED": "Not authorized to access the requested model.",
  }],
  [403, {
    "AccessDenied": "Access denied.",
    "AccessDenied.Unpurchased": "Access to model denied: not activated.",
    "Model.AccessDenied": "Model access denied.",
    "Workspace.AccessDenied": "Workspace access denied.",
    "AllocationQuota.FreeTierOnly": "The free tier of the model has been exhausted.",
  }],
  [404, {
    "ModelNotFound": "Model can not be found.",
    "WorkSpaceNotFound": "Workspace can not be found.",
  }],
  [429, {
    "Throttling": slowDown,
    "Throttling.RateQuota": slowDown,
    "Throttling.BurstRate": "Request rate increased too quickly.",
    "Throttling.AllocationQuota": "Allocated quota exceeded.",
    "CommodityNotPurchased": "Commodity has not been purchased yet.",
    "PrepaidBillOverdue": "The prepaid bill is overdue.",
    "PostpaidBillOverdue": "The postpaid bill is overdue.",
  }],
  [500, {
    "InternalError": theirs,
    "InternalError.Algo": theirs,
    "SystemError": "A system error has occured, please try again later.",
    "ModelServiceFailed": "Failed to request model service.",
    "RequestTimeOut": "Request timed out, please try again later.",
  }],
  [503, {
    "ModelServingError": "Too many requests, the model serving is unavailable.",
    "ModelUnavailable": "The model is unavailable for serving requests now.",
  }],
];
const documented = new Map(
  byStatus.flatMap(([status, messages]) =>
    Object.entries(messages).map(([code, message]) => [code, { status, message }] as const)
  ),
);

/** Every error code that enrollment and synthesis can meet. */
export const documentedCodes: readonly string[] = [...documented.keys()];

/** The usual status of a documented code; undefined for another code. */
export function documentedStatus(code: string): number | undefined {
  return documented.get(code)?.status;
}

/** A refusal as DashScope words it; rendered flat, `{ request_id, code, message }`. */
export class DashScopeError extends Error {
  override readonly name = "DashScopeError";
  readonly code: string;
  readonly status: number;

  /** Status and message default to the documented ones. An undocumented code without a status throws RangeError. */
  constructor(code: string, options: { status?: number; message?: string } = {}) {
    const known = documented.get(code);
    const quota = code === "Throttling.AllocationQuota" && options.status === 400;
    super(options.message ?? (quota ? voiceLimitMessage : known?.message ?? code));
    const status = options.status ?? known?.status;
    if (status === undefined) throw new RangeError(`"${code}" is no documented code: give its status.`);
    this.code = code;
    this.status = status;
  }
}

/** `InvalidParameter` with this message. */
export const invalid = (message: string) => new DashScopeError("InvalidParameter", { message });

/** The connection breaks here: no HTTP answer goes out. The listener destroys the socket when it meets this. */
export class ConnectionCut extends Error {
  override readonly name = "ConnectionCut";

  constructor() {
    super("The simulator cut the connection.");
  }
}
