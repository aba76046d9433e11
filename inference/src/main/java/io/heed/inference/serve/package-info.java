/**
 * An HTTP server in the manner of OpenAI's: {@code /v1/models}, {@code /v1/completions}, {@code /v1/chat/completions}
 * with server-sent events, {@code /health} and {@code /metrics}.
 *
 * <p>It is the JDK's own server on virtual threads. Answers that are not streamed begin with blanks while they are
 * computed, which JSON allows, so that a client that went away is noticed.
 */
package io.heed.inference.serve;
