/** A row of a batch that was refused. */
export interface RowError {
    index: number;
    code: string;
    path: string;
    message: string;
}
