package io.heed.inference.serve;

import java.time.Duration;
import java.util.Objects;

/**
 * Where a server listens and what it allows.
 *
 * @param host      to listen on; loopback unless told
 * @param port      0 for any free one
 * @param apiKey    that clients must send as a bearer token; empty for none
 * @param bodyBytes largest request
 * @param maxTokens most tokens of one answer
 * @param choices   most answers of one request
 * @param timeout   longest time of one request
 */
public record ServerSettings(String host, int port, String apiKey, int bodyBytes, int maxTokens, int choices,
        Duration timeout) {
    /** @throws IllegalArgumentException in one line when a value is out of its range */
    public ServerSettings {
        Objects.requireNonNull(host, "host");
        Objects.requireNonNull(apiKey, "apiKey");
        if (port < 0 || port > 65_535) {
            throw new IllegalArgumentException("port is " + port + ", must be 0 to 65535");
        }
        if (bodyBytes < 1 || maxTokens < 1 || choices < 1 || !timeout.isPositive()) {
            throw new IllegalArgumentException("the limits of body bytes, tokens, choices and time must be positive");
        }
    }

    /** Loopback, any free port, no key; 1 MiB, 4096 tokens, 8 answers and 10 minutes a request. */
    public static ServerSettings loopback() {
        return new ServerSettings("127.0.0.1", 0, "", 1 << 20, 4096, 8, Duration.ofMinutes(10));
    }

    /** The same on another port. */
    public ServerSettings withPort(int port) {
        return new ServerSettings(host, port, apiKey, bodyBytes, maxTokens, choices, timeout);
    }

    /** The same with a key. */
    public ServerSettings withApiKey(String apiKey) {
        return new ServerSettings(host, port, apiKey, bodyBytes, maxTokens, choices, timeout);
    }

    /** The same with another longest time. */
    public ServerSettings withTimeout(Duration timeout) {
        return new ServerSettings(host, port, apiKey, bodyBytes, maxTokens, choices, timeout);
    }
}
