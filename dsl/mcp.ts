/** An MCP server that a layer offers to other deploys: its address, or more about it. (LAY-92) */
export type McpServer =
  | string
  | {
      /** Address, with the templates of `envProvides`: `'http://{{.ContainerName}}:8888/mcp'`. */
      readonly url: string
      /** How it is spoken to. Default: `'http'`, which is streamable HTTP. */
      readonly transport?: 'http' | 'sse'
    }

/** An MCP server that a layer looks for: what it is for. (LAY-89) */
export type McpContract =
  | string
  | {
      /** What the server is for. */
      readonly description: string
    }
