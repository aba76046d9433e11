package io.heed.langchain4j;

import dev.langchain4j.model.chat.StreamingChatModel;
import dev.langchain4j.model.chat.request.ChatRequest;
import dev.langchain4j.model.chat.request.ChatRequestParameters;
import dev.langchain4j.model.chat.response.StreamingChatResponseHandler;

import io.heed.inference.engine.Engine;
import io.heed.inference.engine.Generation;
import io.heed.inference.text.TextModel;

/**
 * A model run by Heed that hands on its answer as it is written. Handlers are called on a virtual thread of their own.
 */
public final class HeedStreamingChatModel implements StreamingChatModel {
    private final Conversation conversation;
    private final ChatRequestParameters defaults;

    /**
     * @param model  what answers
     * @param engine over the same model; stays the caller's to close
     */
    public HeedStreamingChatModel(TextModel model, Engine engine) {
        this(model, engine, ChatRequestParameters.builder().build());
    }

    /** @param defaults for what a request leaves open */
    public HeedStreamingChatModel(TextModel model, Engine engine, ChatRequestParameters defaults) {
        this.conversation = new Conversation(model, engine);
        this.defaults = defaults;
    }

    @Override
    public ChatRequestParameters defaultRequestParameters() {
        return defaults;
    }

    @Override
    public void doChat(ChatRequest request, StreamingChatResponseHandler handler) {
        PartQueue parts = new PartQueue();
        Generation generation = conversation.submit(request, parts);
        Thread.ofVirtual().start(() -> {
            StringBuilder text = new StringBuilder();
            try {
                for (String part = parts.next(); part != null; part = parts.next()) {
                    text.append(part);
                    handler.onPartialResponse(part);
                }
                if (parts.failure() != null) {
                    handler.onError(parts.failure());
                } else {
                    handler.onCompleteResponse(conversation.response(text.toString(), parts.reason(), generation));
                }
            } catch (InterruptedException | RuntimeException e) {
                generation.cancel();
                handler.onError(e);
            }
        });
    }
}
