/** What the service answers instead of a result: `[{"errorCode": …, "message": …}]` with an HTTP status. */
export class SalesforceFault extends Error {
  readonly status: number;
  readonly code: string;

  constructor(status: number, code: string, message: string) {
    super(message);
    this.status = status;
    this.code = code;
  }

  body(): object {
    return [{ errorCode: this.code, message: this.message }];
  }
}

/** The token endpoint has a shape of its own: `{"error": …, "error_description": …}`. */
export class OAuthFault extends SalesforceFault {
  constructor(code: string, message: string) {
    super(400, code, message);
  }

  override body(): object {
    return { error: this.code, error_description: this.message };
  }
}

/** What is refused of one row of a job: the text of its `sf__Error`. */
export class RowFault extends Error {
  constructor(code: string, message: string, field = '') {
    super(`${code}:${message}:${field} --`);
  }
}
