package io.heed.cli;

import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.Callable;

import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

import io.heed.inference.attention.AttentionOptions;
import io.heed.inference.attention.AttentionPlan;
import io.heed.inference.engine.Engine;
import io.heed.inference.engine.EngineSettings;
import io.heed.inference.serve.ModelServer;
import io.heed.inference.serve.ServerSettings;
import io.heed.inference.text.TextModel;
import io.heed.train.StopSignal;

/** {@code heed serve}: an OpenAI-compatible server. */
@Command(name = "serve", mixinStandardHelpOptions = true, versionProvider = Version.class, sortOptions = false,
        description =
        {"Serves a model of a HuggingFace folder over HTTP, as OpenAI's API has it: /v1/models, /v1/completions,"
            + " /v1/chat/completions, /health, /metrics.",
            "SIGTERM or Ctrl-C finishes what is being answered and refuses the rest; a second one ends at once."},
        footer = {"", "Example:", "  heed serve --model models/Qwen3-0.6B --port 8080"})
final class ServeCommand implements Callable<Integer> {
    private static final Duration PATIENCE = Duration.ofMinutes(10);

    @Spec
    private CommandSpec spec;

    @Option(names = "--model", paramLabel = "FOLDER", required = true,
            description = "A HuggingFace folder: config.json, model.safetensors, tokenizer.json.")
    private Path folder;

    @Option(names = "--host", paramLabel = "HOST", defaultValue = "127.0.0.1",
            description = "Where to listen (default: 127.0.0.1, this machine only; 0.0.0.0 for all).")
    private String host;

    @Option(names = "--port", paramLabel = "N", defaultValue = "8080",
            description = "Port (default: 8080; 0 for any free one).")
    private int port;

    @Option(names = "--api-key", paramLabel = "KEY", defaultValue = "${env:HEED_API_KEY:-}",
            description = "Key that clients must send (default: HEED_API_KEY, or none).")
    private String apiKey;

    @Option(names = "--cache", paramLabel = "MB", defaultValue = "1024",
            description = "Memory for keys and values, in MiB, taken by need (default: 1024).")
    private long cache;

    @Option(names = "--batch", paramLabel = "N", defaultValue = "64",
            description = "Answers computed at a time (default: 64).")
    private int batch;

    @Option(names = "--queue", paramLabel = "N", defaultValue = "256",
            description = "Requests that may wait; further ones get 429 (default: 256).")
    private int queue;

    @Option(names = "--max-tokens", paramLabel = "N", defaultValue = "4096",
            description = "Most tokens of one answer (default: 4096).")
    private int maxTokens;

    @Option(names = "--max-body", paramLabel = "KB", defaultValue = "1024",
            description = "Largest request, in KiB (default: 1024).")
    private int maxBody;

    @Option(names = "--timeout", paramLabel = "S", defaultValue = "600",
            description = "Longest time of one request, in seconds (default: 600).")
    private int timeout;

    @Option(names = "--attention", paramLabel = "POLICY",
            description = {"What attention reads (default: attention_policy of generation_config.json, or dense).",
                AttentionOptions.HELP})
    private List<String> attention = List.of();

    @Override
    public Integer call() throws IOException, InterruptedException {
        ServerSettings settings = new ServerSettings(host, port, apiKey, Math.multiplyExact(maxBody, 1024), maxTokens,
                8,
                Duration.ofSeconds(timeout));
        StopSignal signal = StopSignal.onInterrupt();
        VectorModule.load();
        TextModel model = TextModel.open(folder);
        AttentionPlan plan = model.attention(attention);
        EngineSettings shared = EngineSettings.of(plan, Math.multiplyExact(cache, 1L << 20), model.vocabulary())
                .withBatch(batch)
                .withQueue(queue);
        PrintWriter out = spec.commandLine().getOut();
        try (Engine engine = new Engine(model.model(), shared); ModelServer server = ModelServer.start(model, engine,
                settings)) {
            out.println("heed serves " + model.name() + " at http://" + host + ":" + server.address().getPort()
                    + "/v1");
            out.flush();
            while (!signal.requested()) {
                Thread.sleep(50);
            }
            out.println("stopping: finishing what is being answered");
            out.flush();
            return server.drain(PATIENCE) ? 0 : 1;
        }
    }
}
