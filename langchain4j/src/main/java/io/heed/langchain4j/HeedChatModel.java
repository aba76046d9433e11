package io.heed.langchain4j;

import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;

import dev.langchain4j.exception.LangChain4jException;
import dev.langchain4j.model.chat.ChatModel;
import dev.langchain4j.model.chat.request.ChatRequest;
import dev.langchain4j.model.chat.request.ChatRequestParameters;
import dev.langchain4j.model.chat.response.ChatResponse;

import io.heed.inference.engine.Engine;
import io.heed.inference.engine.FinishReason;
import io.heed.inference.engine.Generation;
import io.heed.inference.text.TextModel;

/** A model run by Heed that answers at once. Calls from several threads share the engine's batch. */
public final class HeedChatModel implements ChatModel {
    private final Conversation conversation;
    private final ChatRequestParameters defaults;

    /**
     * @param model  what answers
     * @param engine over the same model; stays the caller's to close
     */
    public HeedChatModel(TextModel model, Engine engine) {
        this(model, engine, ChatRequestParameters.builder().build());
    }

    /** @param defaults for what a request leaves open */
    public HeedChatModel(TextModel model, Engine engine, ChatRequestParameters defaults) {
        this.conversation = new Conversation(model, engine);
        this.defaults = defaults;
    }

    @Override
    public ChatRequestParameters defaultRequestParameters() {
        return defaults;
    }

    @Override
    public ChatResponse doChat(ChatRequest request) {
        StringBuilder text = new StringBuilder();
        CompletableFuture<FinishReason> end = new CompletableFuture<>();
        Generation generation = conversation.submit(request, new TextModel.TextListener() {
            @Override
            public void text(String more) {
                text.append(more);
            }

            @Override
            public void end(FinishReason reason, Throwable failure) {
                if (failure == null) {
                    end.complete(reason);
                } else {
                    end.completeExceptionally(failure);
                }
            }
        });
        try {
            FinishReason reason = end.get();
            return conversation.response(text.toString(), reason, generation);
        } catch (InterruptedException e) {
            generation.cancel();
            Thread.currentThread().interrupt();
            throw new LangChain4jException("interrupted while the model answered", e);
        } catch (ExecutionException e) {
            throw new LangChain4jException("the generation broke: " + e.getCause(), e.getCause());
        }
    }
}
