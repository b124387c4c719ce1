/** A name under which a reverse proxy offers a layer's web server. (LAY-86) */
export interface Route {
  /** Host name, as the browser asks for it. */
  readonly host: string
  /** Port in the container that the server listens on. */
  readonly port: number
}
