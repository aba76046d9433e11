package io.heed.inference.text;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

import io.heed.inference.attention.AttentionOptions;
import io.heed.inference.attention.AttentionPlan;
import io.heed.inference.engine.Engine;
import io.heed.inference.engine.FinishReason;
import io.heed.inference.engine.Generation;
import io.heed.inference.engine.GenerationRequest;
import io.heed.inference.engine.Likelihood;
import io.heed.inference.engine.Refusal;
import io.heed.inference.engine.TokenListener;
import io.heed.inference.model.CausalModel;

/**
 * A model that reads and writes text: a HuggingFace folder with its tokenizer and its ways of sampling.
 *
 * @param model     computes
 * @param tokenizer text into tokens and back
 * @param defaults  how it wants to be sampled
 * @param template  how a conversation becomes a prompt
 */
public record TextModel(CausalModel model, TextTokenizer tokenizer, GenerationDefaults defaults,
        ChatTemplate template) {
    /** Receives an answer as text, on the engine's thread: it must not block. */
    public interface TextListener {
        /** More text, never empty. */
        void text(String text);

        /**
         * More text with the tokens that it came of, for a request that asks how likely they were; called in place of
         * {@link #text(String)}. At an answer's end tokens may come without text.
         */
        default void text(String text, List<Likelihood> tokens) {
            if (!text.isEmpty()) {
                text(text);
            }
        }

        /**
         * The end.
         *
         * @param failure what broke when the reason is {@link FinishReason#ERROR}, else null
         */
        void end(FinishReason reason, Throwable failure);
    }

    /**
     * Opens a model folder.
     *
     * @throws IOException in one line when something of it cannot be used
     */
    public static TextModel open(Path folder) throws IOException {
        CausalModel model = CausalModel.open(folder);
        return new TextModel(model, TextTokenizer.open(folder), GenerationDefaults.read(folder),
                ChatTemplate.read(folder));
    }

    /** The name that it goes by: its folder's. */
    public String name() {
        return model.folder().toAbsolutePath().normalize().getFileName().toString();
    }

    /** The tokens of a conversation, ready for the assistant's next message. */
    public int[] encode(List<ChatTemplate.Message> messages) {
        // a template writes the special tokens itself
        return tokenizer.encode(template.prompt(messages), !template.isGiven());
    }

    /**
     * What attention reads: policies as {@link AttentionOptions} reads them, or those of the folder's
     * {@code generation_config.json} where none are given.
     *
     * @throws IllegalArgumentException in one line when a policy is unknown or cannot be built
     */
    public AttentionPlan attention(List<String> policies) {
        return AttentionOptions.plan(policies.isEmpty() ? defaults.attention() : policies, model.config());
    }

    /** Tokens that may be generated: those that both the model and the tokenizer know. */
    public int vocabulary() {
        return Math.min(model.config().vocabulary(), tokenizer.size());
    }

    /**
     * Generates text.
     *
     * @param stops strings that end the answer, beside the request's tokens
     * @throws Refusal when the engine does not take the request
     */
    public Generation submit(Engine engine, GenerationRequest request, List<String> stops, TextListener listener)
            throws Refusal {
        TextAssembler assembler = new TextAssembler(tokenizer, request.prompt(), stops);
        boolean plain = request.listed() == GenerationRequest.PLAIN;
        return engine.submit(request, new TokenListener() {
            private final List<Likelihood> waiting = new ArrayList<>(); // those whose text is held back

            @Override
            public boolean token(int id) {
                hand(assembler.push(id));
                return !assembler.isStopped();
            }

            @Override
            public boolean token(Likelihood likelihood) {
                waiting.add(likelihood);
                return token(likelihood.token());
            }

            @Override
            public void end(FinishReason reason, Throwable failure) {
                String rest = assembler.finish();
                hand(rest);
                if (rest.isEmpty() && !waiting.isEmpty() && !assembler.isStopped()) {
                    listener.text("", List.copyOf(waiting));
                }
                // a stop string may end with the very last token
                listener.end(assembler.isStopped() ? FinishReason.STOP : reason, failure);
            }

            private void hand(String text) {
                if (text.isEmpty()) {
                    return;
                }
                if (plain) {
                    listener.text(text);
                } else {
                    listener.text(text, List.copyOf(waiting));
                    waiting.clear();
                }
            }
        });
    }
}
