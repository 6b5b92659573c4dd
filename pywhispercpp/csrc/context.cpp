// Sessions: made on demand, given to one thread at a time, freed with the model.

#include "context.h"

#include "errors.h"
#include "log.h"

#include <algorithm>
#include <chrono>
#include <exception>
#include <utility>

namespace pwc {
namespace {

constexpr auto kMoment = std::chrono::milliseconds(100);

// Whose callback runs on this thread, when that is not the thread that has the session.
thread_local const Context * calling_back = nullptr;

Facts read_facts(whisper_context * ctx) {
    Facts facts;
    facts.n_vocab = whisper_model_n_vocab(ctx);
    facts.n_audio_ctx = whisper_model_n_audio_ctx(ctx);
    facts.n_audio_state = whisper_model_n_audio_state(ctx);
    facts.n_text_ctx = whisper_model_n_text_ctx(ctx);
    facts.n_mels = whisper_model_n_mels(ctx);
    facts.ftype = whisper_model_ftype(ctx);
    facts.is_multilingual = whisper_is_multilingual(ctx) != 0;
    facts.type = whisper_model_type_readable(ctx);
    return facts;
}

}  // namespace

CallingBack::CallingBack(const Context & context) : before_(calling_back) { calling_back = &context; }

CallingBack::~CallingBack() { calling_back = before_; }

Context::Context(const std::string & path, const whisper_context_params & params, int most_sessions)
    : most_sessions_(static_cast<size_t>(std::max(1, most_sessions))) {
    std::string failure;
    take_errors();
    {
        const py::gil_scoped_release no_gil;  // loading reads up to 3 GB: other Python threads go on meanwhile
        try {
            ctx_ = whisper_init_from_file_with_params_no_state(path.c_str(), params);
            sessions_.push_back(std::make_unique<Session>());
            sessions_[0]->state = ctx_ != nullptr ? whisper_init_state(ctx_) : nullptr;
        } catch (const std::exception & error) {
            failure = error.what();
        }
    }
    drain_log();
    if (sessions_.empty() || sessions_[0]->state == nullptr) {
        whisper_free(ctx_);
        const std::string logged = take_errors();
        raise("ModelError", "whisper.cpp cannot load " + path + ": " + (logged.empty() ? failure : logged));
    }
    facts_ = read_facts(ctx_);
}

// Only the last reference gets here, so no thread can be inside a call on this object.
Context::~Context() {
    for (const auto & session : sessions_) {
        whisper_free_state(session->state);
    }
    whisper_free(ctx_);
}

// Waits until every session is free, and lets no thread in meanwhile. Ctrl-C ends the waiting; the model stays open then.
void Context::close() {
    close_door();
    while (!is_idle()) {
        if (PyErr_CheckSignals() != 0) {
            open_door();
            throw py::error_already_set();
        }
    }
    const py::gil_scoped_release no_gil;
    const std::lock_guard<std::mutex> lock(mutex_);
    for (const auto & session : sessions_) {
        whisper_free_state(session->state);
    }
    sessions_.clear();
    whisper_free(ctx_);
    ctx_ = nullptr;
    encoder_.reset();
}

void Context::close_door() {
    const std::thread::id self = std::this_thread::get_id();
    const auto is_ours = [self](const auto & one) { return one->user == self; };
    bool nested = false;
    {
        const std::lock_guard<std::mutex> lock(mutex_);
        nested = calling_back == this || std::any_of(sessions_.begin(), sessions_.end(), is_ours);
        closing_ = closing_ || !nested;
    }
    if (nested) {
        raise("TranscriptionError", "a callback cannot close the model that is calling it: close it afterwards");
    }
}

void Context::open_door() {
    const std::lock_guard<std::mutex> lock(mutex_);
    closing_ = false;
}

bool Context::is_idle() {
    const py::gil_scoped_release no_gil;
    std::unique_lock<std::mutex> lock(mutex_);
    const auto idle = [this] {
        const auto is_free = [](const auto & session) { return session->user == std::thread::id(); };
        return std::all_of(sessions_.begin(), sessions_.end(), is_free);
    };
    return idle() || (given_back_.wait_for(lock, kMoment), idle());
}

int Context::n_sessions() const {
    const std::lock_guard<std::mutex> lock(mutex_);
    return static_cast<int>(sessions_.size());
}

std::shared_ptr<OpenvinoEncoder> Context::encoder() const {
    const std::lock_guard<std::mutex> lock(mutex_);
    return encoder_;
}

// The first free one, so that a thread that is alone always gets the same, with the text of its last transcription.
Context::Taken Context::take(Session *& session) {
    const std::thread::id self = std::this_thread::get_id();
    std::unique_lock<std::mutex> lock(mutex_);
    const auto is_ours = [self](const auto & one) { return one->user == self; };
    if (calling_back == this || std::any_of(sessions_.begin(), sessions_.end(), is_ours)) {
        return Taken::nested;
    }
    if (closing_) {
        return Taken::closed;
    }
    for (const auto & one : sessions_) {
        if (one->user == std::thread::id()) {
            one->user = self;
            session = one.get();
            return Taken::yes;
        }
    }
    if (sessions_.size() < most_sessions_) {
        return make(lock, session);
    }
    given_back_.wait_for(lock, kMoment);
    return Taken::not_yet;
}

// The lock is let go while whisper.cpp allocates; `user` keeps the place meanwhile.
Context::Taken Context::make(std::unique_lock<std::mutex> & lock, Session *& session) {
    sessions_.push_back(std::make_unique<Session>());
    session = sessions_.back().get();
    session->user = std::this_thread::get_id();
    lock.unlock();
    whisper_state * state = nullptr;
    try {
        state = whisper_init_state(ctx_);
    } catch (const std::exception & error) {
        log_message(3, error.what());
    }
    lock.lock();
    session->state = state;
    if (state != nullptr) {
        return Taken::yes;
    }
    const auto is_it = [session](const auto & one) { return one.get() == session; };
    sessions_.erase(std::find_if(sessions_.begin(), sessions_.end(), is_it));
    session = nullptr;
    most_sessions_ = std::max<size_t>(1, sessions_.size());  // no memory for one more: from now on threads take turns
    return sessions_.empty() ? Taken::no_memory : Taken::not_yet;
}

void Context::give_back(Session & session, bool keep) {
    {
        const std::lock_guard<std::mutex> lock(mutex_);
        session.user = std::thread::id();
        if (!keep) {
            whisper_free_state(session.state);
            const auto is_it = [&session](const auto & one) { return one.get() == &session; };
            sessions_.erase(std::find_if(sessions_.begin(), sessions_.end(), is_it));
        }
    }
    given_back_.notify_all();
}

Use::Use(Context & context) : context_(context) {
    auto taken = Context::Taken::not_yet;
    while (taken == Context::Taken::not_yet) {
        {
            const py::gil_scoped_release no_gil;
            taken = context.take(session_);
        }
        if (taken == Context::Taken::not_yet && PyErr_CheckSignals() != 0) {  // Ctrl-C works while waiting
            throw py::error_already_set();
        }
    }
    switch (taken) {
        case Context::Taken::nested:
            raise("TranscriptionError",
                  "a callback cannot use the model that is calling it: collect, and use it afterwards");
        case Context::Taken::closed: raise("ModelError", "this model has been closed: load it again");
        case Context::Taken::no_memory: raise("ModelError", "there is no memory for a session of this model");
        default: break;
    }
    try {
        adopt(context.encoder());
    } catch (const std::exception & error) {
        context.give_back(*session_, true);
        raise("TranscriptionError", error.what());
    }
}

Use::~Use() { context_.give_back(*session_, keep_); }

void Use::adopt(const std::shared_ptr<OpenvinoEncoder> & encoder) {
    if (session_->encoder != encoder) {
        session_->openvino = pwc::encode_with(context_.ctx_, session_->state, session_->openvino, encoder);
        session_->encoder = encoder;
    }
}

void Use::encode_with(const std::shared_ptr<OpenvinoEncoder> & encoder) {
    adopt(encoder);
    const std::lock_guard<std::mutex> lock(context_.mutex_);
    context_.encoder_ = encoder;
}

}  // namespace pwc
