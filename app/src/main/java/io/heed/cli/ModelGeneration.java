package io.heed.cli;

import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.CompletableFuture;

import io.heed.inference.attention.AttentionPlan;
import io.heed.inference.engine.Engine;
import io.heed.inference.engine.EngineSettings;
import io.heed.inference.engine.FinishReason;
import io.heed.inference.engine.GenerationRequest;
import io.heed.inference.engine.Refusal;
import io.heed.inference.engine.Sampling;
import io.heed.inference.text.TextModel;

/** {@code heed generate --model}: lets a model of a HuggingFace folder write, printing text as it comes. */
final class ModelGeneration {
    private final TextModel model;
    private final PrintWriter out;

    ModelGeneration(TextModel model, PrintWriter out) {
        this.model = model;
        this.out = out;
    }

    /** Prints the prompt and its continuation. */
    void write(String prompt, int count, Sampling sampling, List<String> stops, AttentionPlan plan) throws IOException {
        GenerationRequest request = new GenerationRequest(model.tokenizer().encode(prompt, true), count, sampling,
                model.defaults().stops(), GenerationRequest.NO_TIMEOUT);
        CompletableFuture<Void> done = new CompletableFuture<>();
        // room for one sequence and no more
        long bytes = 2L * model.model().config().layers() * model.model().config().cacheWidth() * Float.BYTES
                * (request.prompt().length + count + 32L);
        try (Engine engine = new Engine(model.model(), EngineSettings.of(plan, bytes, model.vocabulary()))) {
            out.print(prompt);
            out.flush();
            model.submit(engine, request, stops, new TextModel.TextListener() {
                @Override
                public void text(String text) {
                    out.print(text);
                    out.flush();
                }

                @Override
                public void end(FinishReason reason, Throwable failure) {
                    if (failure == null) {
                        done.complete(null);
                    } else {
                        done.completeExceptionally(failure);
                    }
                }
            });
            done.join();
            out.println();
            out.flush();
        } catch (Refusal e) {
            throw new IllegalArgumentException(e.getMessage(), e);
        }
    }
}
