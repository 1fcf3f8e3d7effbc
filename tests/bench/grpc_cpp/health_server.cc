// SPDX-License-Identifier: MIT
//
// P1's baseline: grpc.health.v1 as a callback service of gRPC C++, as plain as its
// documents show it. Argument: a port of 127.0.0.1.

#include <string>

#include <grpcpp/grpcpp.h>

#include "health.grpc.pb.h"

namespace health = grpc::health::v1;

class HealthService final : public health::Health::CallbackService {
	grpc::ServerUnaryReactor *Check(grpc::CallbackServerContext *context,
					const health::HealthCheckRequest *,
					health::HealthCheckResponse *response) override
	{
		response->set_status(health::HealthCheckResponse::SERVING);
		grpc::ServerUnaryReactor *reactor = context->DefaultReactor();
		reactor->Finish(grpc::Status::OK);
		return reactor;
	}
};

int main(int argc, char **argv)
{
	if (argc != 2)
		return 2;
	HealthService service;
	grpc::ServerBuilder builder;
	builder.AddListeningPort("127.0.0.1:" + std::string(argv[1]),
				 grpc::InsecureServerCredentials());
	builder.RegisterService(&service);
	std::unique_ptr<grpc::Server> server = builder.BuildAndStart();
	if (!server)
		return 1;
	server->Wait();
	return 0;
}
